export interface Affected {
  base: string;
  namespaces: string[] | 'all';
  scenarios: string[] | 'main';
  isMeasured: boolean;
}
export function affectedBy(base: string, files: string[]): Affected;
