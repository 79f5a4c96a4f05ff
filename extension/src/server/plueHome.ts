import { homedir } from 'node:os';
import { join } from 'node:path';

/** The data folder, in the same place as the sidecar expects it. */
export function plueHome(env: NodeJS.ProcessEnv): string {
  const given = env['PLUE_HOME']?.trim();
  return given === undefined || given === '' ? join(homedir(), '.plue') : given;
}
