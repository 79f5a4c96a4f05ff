// Creates contact sheets with the states of a view in every sizeName and theme, and a page with all pictures.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sizes, themes } from './sizes.mjs';

/** @typedef {import('./album.mjs').Photograph} Photograph */

/** With more states, the pictures would be too small. */
const statesOnSheet = 3;

/** @param {import('playwright-core').Browser} browser @param {import('./album.mjs').Album} album */
export async function makeSheets(browser, album) {
  const context = await browser.newContext({ viewport: { width: 2100, height: 800 } });
  const page = await context.newPage();
  for (const [view, photographs] of byView(album.photographs)) {
    const inOneTheme = photographs.filter(({ theme }) => theme === 'dark');
    const inOneSize = photographs.filter(({ sizeName }) => sizeName === '100-wide');
    const states = [...new Set(photographs.map(({ state }) => state))];
    for (let first = 0; first < states.length; first += statesOnSheet) {
      const isOn = (/** @type {Photograph} */ { state }) => states.slice(first, first + statesOnSheet).includes(state);
      for (const [sheet, columns, shown, of] of /** @type {const} */ ([
        ['sizes', Object.keys(sizes), inOneTheme, 'sizeName'],
        ['themes', Object.keys(themes), inOneSize, 'theme'],
      ])) {
        await page.setContent(pageOf(tableOf(view, shown.filter(isOn), columns, of, (file) => dataOf(join(album.folder, file)))));
        await page.locator('table').screenshot({ path: join(album.folder, `sheet-${view}-${1 + first / statesOnSheet}-${sheet}.png`) });
      }
    }
  }
  await context.close();
  const all = [...byView(album.photographs)].map(([view, photographs]) =>
    tableOf(
      view,
      photographs.map((one) => ({ ...one, sizeName: `${one.theme} ${one.sizeName}` })),
      Object.keys(themes).flatMap((theme) => Object.keys(sizes).map((sizeName) => `${theme} ${sizeName}`)),
      'sizeName',
      (file) => file,
    ),
  );
  writeFileSync(join(album.folder, 'index.html'), pageOf(all.join('\n')));
}

/** @param {Photograph[]} photographs */
function byView(photographs) {
  /** @type {Map<string, Photograph[]>} */
  const views = new Map();
  for (const one of photographs) views.set(one.view, [...(views.get(one.view) ?? []), one]);
  return views;
}

/** @param {string} view @param {Photograph[]} photographs @param {string[]} columns @param {'sizeName' | 'theme'} of @param {(file: string) => string} source */
function tableOf(view, photographs, columns, of, source) {
  const states = [...new Set(photographs.map(({ state }) => state))];
  const cell = (/** @type {string} */ state, /** @type {string} */ column) => {
    const one = photographs.find((photograph) => photograph.state === state && photograph[of] === column);
    return `<td>${one ? `<img loading="lazy" src="${source(one.file)}">` : ''}</td>`;
  };
  const rows = states.map((state) => `<tr><th>${view}<br>${state}</th>${columns.map((column) => cell(state, column)).join('')}</tr>`);
  return `<table><tr><th></th>${columns.map((column) => `<th>${column}</th>`).join('')}</tr>${rows.join('')}</table>`;
}

/** @param {string} body */
const pageOf = (body) =>
  `<!DOCTYPE html><meta charset="utf-8"><title>Plue, every view</title><style>body{font:14px sans-serif;background:#888}td{vertical-align:top;padding:4px}img{display:block;max-width:500px}th{width:60px}</style>${body}`;

/** @param {string} path */
const dataOf = (path) => `data:image/png;base64,${readFileSync(path).toString('base64')}`;
