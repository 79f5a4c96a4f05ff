// Which agent a call of spawn_task started.
import type { MessageView, TaskView } from '../../protocol/protocol.generated';

const address = /codex:\/\/tasks\/[\w.-]+/u;

/** By its address where the call said it, else by the goal that only one of them has. */
export function childrenOfCalls(
  { parts }: MessageView,
  tasks: readonly TaskView[],
  outputs: ReadonlyMap<string, string>,
): (readonly [toolUseId: string, task: TaskView])[] {
  return parts.flatMap((part) => {
    if (part.kind !== 'toolUse' || !/(?:^|[_.-])spawn_task$/u.test(part.toolName)) return [];
    const result = parts.find((other) => other.kind === 'toolResult' && other.toolUseId === part.toolUseId);
    const said = `${outputs.get(part.toolUseId) ?? ''} ${result?.kind === 'toolResult' ? (result.result ?? '') : ''}`;
    const uri = address.exec(said)?.[0];
    const named = tasks.filter((task) =>
      uri === undefined ? part.parameters.includes(JSON.stringify(task.title).slice(1, -1)) : task.uri === uri,
    );
    const [task] = named;
    return task !== undefined && named.length === 1 ? [[part.toolUseId, task] as const] : [];
  });
}
