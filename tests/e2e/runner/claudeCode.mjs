// The real Claude Code program, if its package is installed.
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inRoot } from '../../../scripts/lib/paths.mjs';

const cli = inRoot('node_modules', '@anthropic-ai', 'claude-code', 'bin', 'claude.exe');

/** Requires Linux and the package @anthropic-ai/claude-code. */
export const hasClaude = process.platform === 'linux' && existsSync(cli);

/** Installs it where its own installer does, because a login shell may reset PATH. @param {string} plueHome */
export function installClaude(plueHome) {
  const bin = join(dirname(plueHome), 'home', '.local', 'bin');
  mkdirSync(bin, { recursive: true });
  symlinkSync(cli, join(bin, 'claude'));
}
