/** An error as a page shows it. `kind` is a FailureKind in camelCase and selects the button that helps. */
export interface ViewError {
  kind: string;
  message: string;
}

export type SidecarState = 'starting' | 'running' | 'stopped';
