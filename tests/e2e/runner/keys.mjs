// Keyboard navigation: where focus is, and whether it is visible.
import assert from 'node:assert/strict';
import { requireAccessible } from './accessibility.mjs';

/**
 * @typedef {object} Stop
 * @property {string} label Label of the focused element for screen readers.
 * @property {boolean} isSeen True if an outline, a border, or a background shows focus.
 * @property {string} selector
 */

/**
 * Returns the focused element in a page of Plue; undefined if focus is elsewhere.
 * @param {import('playwright-core').Frame} frame @returns {Promise<Stop | undefined>}
 */
export function focusIn(frame) {
  return frame.evaluate(() => {
    const node = document.activeElement;
    if (!document.hasFocus() || !(node instanceof HTMLElement) || node === document.body) return undefined;
    const probe = document.body.appendChild(document.createElement('i'));
    probe.style.color = 'var(--vscode-focusBorder)';
    const focusColor = getComputedStyle(probe).color;
    probe.remove();
    const shows = (/** @type {HTMLElement} */ one) => {
      const style = getComputedStyle(one);
      const sides = ['Top', 'Right', 'Bottom', 'Left'].map((side) => ({
        width: parseFloat(style.getPropertyValue(`border-${side.toLowerCase()}-width`)),
        color: style.getPropertyValue(`border-${side.toLowerCase()}-color`),
      }));
      return (
        // As in VS Code, the focused item of a menu is the one with a background.
        (one.matches('[role=menuitem]') && style.backgroundColor !== 'rgba(0, 0, 0, 0)') ||
        (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0 && !/, 0\)$|transparent/.test(style.outlineColor)) ||
        sides.some(({ width, color }) => width > 0 && color === focusColor)
      );
    };
    // The frame of a text box may show its focus.
    const around = [node, node.parentElement, node.parentElement?.parentElement, node.parentElement?.parentElement?.parentElement];
    const isText = node.matches('textarea, input');
    const label = node.getAttribute('aria-label') ?? node.title ?? '';
    const text = (node.textContent ?? '').trim().slice(0, 40);
    return {
      label: `${node.tagName.toLowerCase()} ${label === '' ? text : label}`,
      isSeen: (isText ? around : [node]).some((one) => one instanceof HTMLElement && shows(one)),
      selector: `${node.tagName.toLowerCase()}.${[...node.classList].join('.')}`,
    };
  });
}

/**
 * Presses a key until an element with this label in the page has focus.
 * @param {import('./workbench.mjs').Workbench} workbench @param {import('playwright-core').Frame} frame @param {string} key @param {RegExp} label
 */
export async function pressTo(workbench, frame, key, label) {
  const seen = [];
  for (let times = 0; times < 60; times++) {
    await workbench.page.keyboard.press(key);
    const stop = await focusIn(frame);
    seen.push(stop?.label ?? 'outside');
    if (stop !== undefined && label.test(stop.label)) {
      assert.ok(stop.isSeen, `The focus cannot be seen on ${stop.label} (${stop.selector}).`);
      return stop;
    }
  }
  throw new Error(`${key} does not lead to ${label}: ${[...new Set(seen)].join(' | ')}`);
}

/**
 * Moves through the page with a key until focus leaves it or returns to the start. Each stop must show its focus.
 * @param {import('./workbench.mjs').Workbench} workbench @param {import('playwright-core').Frame} frame @param {string} [key] @returns {Promise<string[]>}
 */
export async function walkStops(workbench, frame, key = 'Tab') {
  const labels = [];
  const unseen = [];
  for (let times = 0; times < 80; times++) {
    const stop = await focusIn(frame);
    if (stop === undefined || (times > 0 && labels[0] === stop.label)) break;
    labels.push(stop.label);
    if (!stop.isSeen) unseen.push(`${stop.label} (${stop.selector})`);
    await workbench.page.keyboard.press(key);
  }
  assert.deepEqual(unseen, [], 'The focus cannot be seen here.');
  await requireAccessible(frame);
  return labels;
}

/** Runs a command of the Command Palette without the mouse. @param {import('./workbench.mjs').Workbench} workbench @param {string} title */
export async function command(workbench, title) {
  const { page } = workbench;
  await page.keyboard.press('F1');
  await page.locator('.quick-input-widget input').waitFor();
  await page.keyboard.type(title);
  await page.locator('.quick-input-list .monaco-list-row.focused', { hasText: title }).waitFor();
  await page.keyboard.press('Enter');
}
