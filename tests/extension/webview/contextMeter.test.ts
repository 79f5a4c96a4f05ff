// @vitest-environment jsdom
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { ContextMeter, filledBoxes, shareOf } from '../../../extension/src/webview/chat/header/contextMeter';
import { CostMeter } from '../../../extension/src/webview/chat/header/costMeter';
import { readUriList } from '../../../extension/src/webview/chat/composer/dropTarget';

let compacted = 0;
let meter: ContextMeter;

const context = { tokens: 82_000, window: 200_000, isEstimate: false, compactsAt: 170_000, shares: [{ name: 'Messages', tokens: 82_000 }] };

beforeEach(() => {
  compacted = 0;
  meter = new ContextMeter(() => compacted++);
  document.body.replaceChildren(meter.node);
});

const button = (): HTMLButtonElement | null => meter.node.querySelector<HTMLButtonElement>('.meter-button');
const popup = (): HTMLElement | null => meter.node.querySelector<HTMLElement>('[role=dialog]');

describe('the context meter', () => {
  it('is hidden while unknown, and then shows how full the context window is', () => {
    meter.show(undefined);
    expect(meter.node.hidden).toBe(true);
    meter.show(context);
    expect(meter.node.hidden).toBe(false);
    expect(button()?.textContent).toBe('41%');
    expect(button()?.getAttribute('aria-label')).toBe('Context: 82k of 200k tokens, 41%');
    expect(meter.node.querySelectorAll('.full')).toHaveLength(2);
    expect(meter.node.classList.contains('warning')).toBe(false);
  });

  it('warns from where Plue summarizes', () => {
    meter.show({ ...context, tokens: 170_000 });
    expect(meter.node.classList.contains('warning')).toBe(true);
    expect(popup()?.textContent).toContain('Plue summarizes earlier messages before the next question.');
  });

  it('shows only tokens if the context window is not known', () => {
    meter.show({ tokens: 1200, isEstimate: true, shares: [] });
    expect(button()?.textContent).toBe('1.2k tokens');
    expect(popup()?.textContent).toContain('About 1.2k tokens.');
    expect(popup()?.textContent).toContain('is unknown');
  });

  it('opens for a pointer, for the keyboard and by a click, shows the shares and compacts', () => {
    meter.show(context);
    meter.allowCompacting(true);
    meter.node.dispatchEvent(new MouseEvent('mouseenter'));
    expect(popup()?.hidden).toBe(false);
    meter.node.dispatchEvent(new MouseEvent('mouseleave'));
    expect(popup()?.hidden).toBe(true);
    button()?.focus();
    expect(popup()?.hidden).toBe(false);
    expect(popup()?.textContent).toContain('Messages82k');
    popup()?.querySelector('button')?.click();
    expect(compacted).toBe(1);
    expect(popup()?.hidden).toBe(true);
  });

  it('stays open after a click until another one or Escape, with the focus on its button', () => {
    meter.show(context);
    button()?.click();
    meter.node.dispatchEvent(new MouseEvent('mouseleave'));
    expect(popup()?.hidden).toBe(false);
    button()?.click();
    expect(popup()?.hidden).toBe(true);
    button()?.click();
    popup()?.querySelector('button')?.focus();
    const press = (key: string): boolean =>
      document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })) ?? false;
    expect(press('a')).toBe(true);
    expect(popup()?.hidden).toBe(false);
    expect(press('Escape')).toBe(false);
    expect(popup()?.hidden).toBe(true);
    expect(document.activeElement).toBe(button());
    // Another Escape is left to other handlers.
    expect(press('Escape')).toBe(true);
  });

  it('closes when the focus leaves it, and not when it goes on inside', () => {
    meter.show(context);
    meter.allowCompacting(true);
    const beside = document.body.appendChild(document.createElement('button'));
    button()?.focus();
    popup()?.querySelector('button')?.focus();
    expect(popup()?.hidden).toBe(false);
    beside.focus();
    expect(popup()?.hidden).toBe(true);
    meter.show(undefined);
    expect(button()?.getAttribute('aria-expanded')).toBe('false');
  });

  it('does not compact while an answer runs', () => {
    meter.show(context);
    meter.allowCompacting(false);
    button()?.click();
    popup()?.querySelector('button')?.click();
    expect(compacted).toBe(0);
  });

  it('never shows full before it is, nor empty when it is not', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_000_000 }), fc.nat(3_000_000), (window, tokens) => {
        expect(shareOf(tokens, window) >= 100).toBe(tokens >= window);
        expect(filledBoxes(tokens, window) === 4).toBe(tokens >= window);
        expect(filledBoxes(tokens, window) === 0).toBe(tokens === 0);
      }),
    );
  });
});

describe('the cost meter', () => {
  it('shows the limit of a chat beside its cost, and warns near it', () => {
    const cost = new CostMeter();
    cost.show(undefined, undefined);
    expect(cost.node.hidden).toBe(true);
    cost.show(0.9, undefined);
    expect(cost.node.textContent).toBe('$0.900');
    cost.show(0.9, 1);
    expect(cost.node.textContent).toBe('$0.900 of $1.00');
    expect(cost.node.classList.contains('warning')).toBe(true);
  });
});

it('A list of dropped addresses is read without its comments and only once each', () => {
  expect(readUriList('# from the explorer\r\nfile:///a/b.ts\r\nfile:///a/b.ts\r\n\r\nfile:///c%20d')).toEqual([
    'file:///a/b.ts',
    'file:///c%20d',
  ]);
});
