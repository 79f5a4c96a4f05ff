// Finds the agent that a call of spawn_task started.
import type { MessageView, TaskView } from '../../../protocol/protocol.generated';

const address = /codex:\/\/tasks\/[\w.-]+/u;

/** Finds the subtask by its URI in the result; while it runs by its title, or by its goal. None if ambiguous. */
export function childrenOfCalls(
  { parts }: MessageView,
  tasks: readonly TaskView[],
  outputs: ReadonlyMap<string, string>,
): (readonly [toolUseId: string, task: TaskView])[] {
  return parts.flatMap((part) => {
    if (part.kind !== 'toolUse' || !/(?:^|[_.-])spawn_task$/u.test(part.toolName)) return [];
    const result = parts.find((other) => other.kind === 'toolResult' && other.toolUseId === part.toolUseId);
    const output = outputs.get(part.toolUseId) ?? '';
    const uri = address.exec(`${output} ${result?.kind === 'toolResult' ? (result.result ?? '') : ''}`)?.[0];
    const isNamed = ({ uri: known, title }: TaskView): boolean => {
      if (uri !== undefined) return known === uri;
      if (output !== '') return output.split('\n').some((line) => line.startsWith(`${title}: `));
      return title !== '' && part.parameters.includes(JSON.stringify(title).slice(1, -1));
    };
    const named = tasks.filter(isNamed);
    const [task] = named;
    return task !== undefined && named.length === 1 ? [[part.toolUseId, task] as const] : [];
  });
}
