// Prompts for commit messages and pull request summaries.
import { fenceFor } from '../../common/fence';
import type { AllowedDiffs } from '../../infrastructure/gitDiffs';

/** Maximum length of a file's diff, and of all diffs. */
const maxFile = 12_000;
const maxAll = 60_000;
const maxCommits = 20;
const maxCommit = 1000;

export interface Changes extends AllowedDiffs {
  /** Paths of new files that Git does not track. */
  newFiles: readonly string[];
  commits: readonly string[];
}

export function commitRequest(changes: Changes): string {
  return ['Write the commit message for this change.', ...changeText(changes)].join('\n\n');
}

export function pullRequestRequest(branch: string, changes: Changes): string {
  return [`Write the pull request summary for the branch \`${branch}\`.`, ...changeText(changes)].join('\n\n');
}

/** Models may return the message in a code fence or in quotes. */
export function messageIn(response: string): string {
  const text = response.trim();
  const [, fenced] = /^`{3,}[^\n`]*\n([^]*?)\n?`{3,}$/.exec(text) ?? [];
  const [, quoted] = /^"([^"\n]*)"$/.exec(text) ?? [];
  return (fenced ?? quoted ?? text).trim();
}

function changeText({ files, newFiles, omitted, commits }: Changes): string[] {
  let left = maxAll;
  const diffs = files.map(({ path, text }) => {
    const available = Math.min(maxFile, left);
    const kept = text.length <= available ? text : `${text.slice(0, available)}\n[${text.length - available} characters omitted]`;
    left -= Math.min(text.length, available);
    return available <= 0 ? `${path} [omitted]` : kept;
  });
  const fence = fenceFor(diffs.join('\n'));
  return [
    ...(diffs.length === 0 ? [] : [`${fence}diff\n${diffs.join('\n')}\n${fence}`]),
    ...(newFiles.length === 0 ? [] : [`New files:\n${list(newFiles)}`]),
    ...(omitted.length === 0 ? [] : [`Changed files whose content is not sent:\n${list(omitted)}`]),
    ...(commits.length === 0 ? [] : [`The latest commit messages, newest first:\n\n${commitText(commits)}`]),
  ];
}

function commitText(commits: readonly string[]): string {
  const texts = commits.slice(0, maxCommits).map((commit) => commit.trim().slice(0, maxCommit));
  const fence = fenceFor(texts.join('\n'));
  return texts.map((text) => `${fence}\n${text}\n${fence}`).join('\n');
}

function list(paths: readonly string[]): string {
  return paths.map((path) => `- ${path}`).join('\n');
}
