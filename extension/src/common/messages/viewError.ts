/** An error as shown by a page. `kind` is a FailureKind in camelCase and selects the help button. */
export interface ViewError {
  kind: string;
  message: string;
}

export type SidecarState = 'starting' | 'running' | 'stopped';
