import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PromptStops, withArguments } from '../../../extension/src/webview/chat/composer/promptStops';

const topic = { name: 'topic', description: 'what it is about', isOptional: false };
const tone = { name: 'tone', isOptional: true };

function stops(): PromptStops {
  const made = new PromptStops();
  made.begin([topic, tone]);
  return made;
}

describe('the arguments of a prompt in the draft', () => {
  const draft = 'Explain {{topic}} {{other}} in {{tone}}.';

  it('are visited one after the other, in both directions, in a circle', () => {
    const first = { start: 8, end: 17 };
    const second = { start: 31, end: 39 };
    expect(stops().next(draft, { start: 0, end: 0 }, false)).toMatchObject(first);
    expect(stops().next(draft, first, false)).toMatchObject(second);
    expect(stops().next(draft, second, false)).toMatchObject(first);
    expect(stops().next(draft, first, true)).toMatchObject(second);
    expect(stops().next('Done', { start: 0, end: 0 }, false)).toBeUndefined();
    expect(new PromptStops().next(draft, { start: 0, end: 0 }, false)).toBeUndefined();
  });

  it('are announced', () => {
    expect(stops().words(draft, 8)).toBe('topic: what it is about. 2 placeholders left, press Tab for the next one.');
    expect(stops().words(draft, 33)).toBe('tone (optional). 2 placeholders left, press Tab for the next one.');
    expect(stops().words('Done', 0)).toBeUndefined();
  });

  it('reports missing arguments and omits optional ones', () => {
    expect(stops().finish(draft).missing?.argument.name).toBe('topic');
    expect(stops().finish('Explain dates {{other}}, {{tone}}')).toEqual({ text: 'Explain dates {{other}},' });
  });

  it('receive the text after the command, the last one all the rest', () => {
    expect(withArguments('{{topic}}|{{tone}}', [topic, tone], 'dates very kindly, please')).toBe('dates|very kindly, please');
    expect(withArguments('{{topic}}|{{tone}}', [topic, tone], 'dates')).toBe('dates|{{tone}}');
    expect(withArguments('{{topic}}', [topic], '  two words ')).toBe('two words');
    expect(withArguments('{{topic}} {{x}}', [], 'dates')).toBe('{{topic}} {{x}}');
  });

  it('take what is given as it is', () => {
    const word = fc.string({ minLength: 1 }).filter((given) => /^\S+$/u.test(given));
    fc.assert(
      fc.property(word, (given) => {
        expect(withArguments('<{{topic}}>', [topic], given)).toBe(`<${given}>`);
      }),
    );
  });
});
