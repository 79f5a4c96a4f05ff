// Arguments of a prompt in the draft, as {{name}}. Tab moves between them.
import * as l10n from '@vscode/l10n';
import type { PromptArgumentView } from '../../../protocol/protocol.generated';

export interface Stop {
  argument: PromptArgumentView;
  start: number;
  end: number;
}

export class PromptStops {
  private named = new Map<string, PromptArgumentView>();

  /** The draft begins with a prompt that has these arguments. */
  begin(given: readonly PromptArgumentView[]): void {
    this.named = new Map(given.map((argument) => [argument.name, argument]));
  }

  /** Empty arguments, in order. */
  in(draft: string): Stop[] {
    if (this.named.size === 0) return [];
    return [...draft.matchAll(/\{\{\s*([A-Za-z_]\w*)\s*\}\}/gu)].flatMap((match) => {
      const argument = this.named.get(match[1] ?? '');
      return argument === undefined ? [] : [{ argument, start: match.index, end: match.index + match[0].length }];
    });
  }

  /** The next argument after the cursor, wrapping around. */
  next(draft: string, cursor: { start: number; end: number }, backwards: boolean): Stop | undefined {
    const stops = this.in(draft);
    return backwards
      ? (stops.findLast(({ end }) => end <= cursor.start) ?? stops.at(-1))
      : (stops.find(({ start }) => start >= cursor.end) ?? stops[0]);
  }

  /** "topic: what it is about. 2 placeholders left, press Tab for the next one." Undefined if there are none. */
  words(draft: string, cursor: number): string | undefined {
    const stops = this.in(draft);
    const at = stops.find(({ start, end }) => start <= cursor && cursor <= end) ?? stops[0];
    if (at === undefined) return undefined;
    const { name, description, isOptional } = at.argument;
    const stop = isOptional ? l10n.t('{0} (optional)', name) : name;
    const what = description === undefined ? stop : l10n.t('{0}: {1}', stop, description);
    return l10n.t('{0}. {1} placeholders left, press Tab for the next one.', what, stops.length);
  }

  /** Returns the draft without optional arguments, or the missing argument. */
  finish(draft: string): { text: string; missing?: Stop } {
    const stops = this.in(draft);
    const missing = stops.find(({ argument }) => !argument.isOptional);
    if (missing !== undefined) return { text: draft, missing };
    const text = stops.reduceRight((rest, { start, end }) => rest.slice(0, start) + rest.slice(end), draft);
    return { text: text.trim() };
  }
}

/** Assigns words behind the command to its arguments, one each and the rest to the last one. */
export function withArguments(text: string, args: readonly PromptArgumentView[], given: string): string {
  const words = given.trim().split(/\s+/u);
  if (given.trim() === '' || args.length === 0) return text;
  const values = new Map(args.map(({ name }, at) => [name, at === args.length - 1 ? words.slice(at).join(' ') : words[at]]));
  return text.replace(/\{\{\s*([A-Za-z_]\w*)\s*\}\}/gu, (written, name: string) => values.get(name) || written);
}
