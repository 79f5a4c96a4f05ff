import { homedir } from 'node:os';
import { join } from 'node:path';

/** Returns the data folder; must match the sidecar. */
export function plueHome(env: NodeJS.ProcessEnv): string {
  const given = env['PLUE_HOME']?.trim();
  return given === undefined || given === '' ? join(homedir(), '.plue') : given;
}
