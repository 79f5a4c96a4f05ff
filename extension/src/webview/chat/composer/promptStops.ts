// The arguments of a prompt in the draft, as {{name}}: Tab goes from one to the next, and the writer types over each.
import * as l10n from '@vscode/l10n';
import type { PromptArgumentView } from '../../../protocol/protocol.generated';

export interface Stop {
  argument: PromptArgumentView;
  start: number;
  end: number;
}

export class PromptStops {
  private named = new Map<string, PromptArgumentView>();

  /** The draft begins with a prompt that asks for these. */
  begin(given: readonly PromptArgumentView[]): void {
    this.named = new Map(given.map((argument) => [argument.name, argument]));
  }

  /** What is still to be filled in, in the order of the draft. */
  in(draft: string): Stop[] {
    if (this.named.size === 0) return [];
    return [...draft.matchAll(/\{\{\s*([A-Za-z_]\w*)\s*\}\}/gu)].flatMap((match) => {
      const argument = this.named.get(match[1] ?? '');
      return argument === undefined ? [] : [{ argument, start: match.index, end: match.index + match[0].length }];
    });
  }

  /** The next one behind the cursor, or before it; round and round. */
  next(draft: string, cursor: { start: number; end: number }, backwards: boolean): Stop | undefined {
    const stops = this.in(draft);
    return backwards
      ? (stops.findLast(({ end }) => end <= cursor.start) ?? stops.at(-1))
      : (stops.find(({ start }) => start >= cursor.end) ?? stops[0]);
  }

  /** "topic: what it is about. 2 to fill in, Tab goes on." Undefined when nothing is left. */
  words(draft: string, cursor: number): string | undefined {
    const stops = this.in(draft);
    const at = stops.find(({ start, end }) => start <= cursor && cursor <= end) ?? stops[0];
    if (at === undefined) return undefined;
    const { name, description, isOptional } = at.argument;
    const stop = isOptional ? l10n.t('{0} (optional)', name) : name;
    const what = description === undefined ? stop : l10n.t('{0}: {1}', stop, description);
    return l10n.t('{0}. {1} placeholders left, press Tab for the next one.', what, stops.length);
  }

  /** The draft without what may be left out, or where something is missing. */
  finish(draft: string): { text: string; missing?: Stop } {
    const stops = this.in(draft);
    const missing = stops.find(({ argument }) => !argument.isOptional);
    if (missing !== undefined) return { text: draft, missing };
    const text = stops.reduceRight((rest, { start, end }) => rest.slice(0, start) + rest.slice(end), draft);
    return { text: text.trim() };
  }
}

/** What stood behind the command goes to its arguments, a word each and the rest to the last one. */
export function withGiven(text: string, args: readonly PromptArgumentView[], given: string): string {
  const words = given.trim().split(/\s+/u);
  if (given.trim() === '' || args.length === 0) return text;
  const values = new Map(args.map(({ name }, at) => [name, at === args.length - 1 ? words.slice(at).join(' ') : words[at]]));
  return text.replace(/\{\{\s*([A-Za-z_]\w*)\s*\}\}/gu, (written, name: string) => values.get(name) || written);
}
