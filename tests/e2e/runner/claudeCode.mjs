// The real claude program, where the package is installed.
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inRoot } from '../../../scripts/lib/paths.mjs';

const cli = inRoot('node_modules', '@anthropic-ai', 'claude-code', 'bin', 'claude.exe');

/** It needs Linux and the package @anthropic-ai/claude-code. */
export const hasClaude = process.platform === 'linux' && existsSync(cli);

/** Where its own installer puts it: a login shell may set PATH anew. @param {string} plueHome */
export function installClaude(plueHome) {
  const bin = join(dirname(plueHome), 'home', '.local', 'bin');
  mkdirSync(bin, { recursive: true });
  symlinkSync(cli, join(bin, 'claude'));
}
