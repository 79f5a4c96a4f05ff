// @vitest-environment jsdom
import { beforeEach, describe, expect, it } from 'vitest';
import type { CatalogSummary } from '../../../extension/src/protocol/protocol.generated';
import type { ToProvidersPage } from '../../../extension/src/common/messages/providers';
import { catalog, catalogDetail, model } from './providerSamples';
import {
  all,
  button,
  chooseIn,
  click,
  drawn,
  finished,
  input,
  kept,
  nameOf,
  open,
  postedOf,
  press,
  receive,
  snapshot,
  type,
  vendors,
  words,
} from './providersWindow';

const startingPoints = [
  {
    id: 'openai-compatible',
    name: 'OpenAI-compatible',
    description: 'A server of your own.',
    document: { id: 'my-server', name: 'My server', type: 'openai-compat', models: [{ id: 'one', name: 'One' }] },
  },
];

function offering(items: CatalogSummary[] = vendors, folderProblem?: string): ToProvidersPage {
  return { type: 'catalogs', list: { items, ...(folderProblem === undefined ? {} : { folderProblem }) }, startingPoints };
}

function rows(): string[] {
  return all(HTMLButtonElement, '.row-name').map(nameOf);
}

function search(): HTMLInputElement {
  const found = all(HTMLInputElement, 'input[type=search]').find((one) => !one.hidden);
  if (found === undefined) throw new Error('Nothing to search with.');
  return found;
}

function heading(): string | null | undefined {
  return document.querySelector('h2')?.textContent;
}

async function sortBy(order: string): Promise<void> {
  const sort = document.getElementById('sort');
  if (!(sort instanceof HTMLSelectElement)) throw new Error('Nothing to sort with.');
  sort.value = order;
  sort.dispatchEvent(new Event('change', { bubbles: true }));
  await drawn();
}

beforeEach(async () => {
  open();
  await receive(snapshot());
  await click('Add Provider');
  await click('Compare Prices');
});

describe('offers of vendors', () => {
  it('shows loading, and errors with a way to retry', async () => {
    expect(words()).toContain('Loading the catalog…');
    await receive(finished('catalogs', { kind: 'internal', message: 'The catalog could not be read.' }));
    expect(words()).not.toContain('Loading the catalog…');
    expect(document.querySelector('.failure')?.textContent).toContain('The catalog could not be read.');
    await click('Show Log');
    expect(postedOf('showLog')).toEqual([{ type: 'showLog', work: 'help:showLog' }]);
    await click('Try Again');
    expect(postedOf('loadCatalogs')).toHaveLength(2);
    expect(document.querySelector('.failure')).toBeNull();
    expect(words()).toContain('Loading the catalog…');
  });

  it('does not wait for an answer of a sidecar that is down', async () => {
    await receive({ type: 'sidecar', state: 'stopped' });
    expect(words()).not.toContain('Loading the catalog…');
    expect(words()).toContain('The Plue sidecar is not running.');
  });

  it('is one tab stop below the search, which the arrow keys go into and through', async () => {
    await receive(offering(), finished('catalogs'));
    expect(document.querySelector('caption')?.textContent).toBe('3 providers');
    search().focus();
    press('a');
    expect(document.activeElement).toBe(search());
    press('ArrowDown');
    expect(document.activeElement).toBe(button('Anthropic'));
    press('ArrowDown');
    expect(document.activeElement).toBe(button('Groq'));
    expect(all(HTMLButtonElement, '.row-name').map(({ tabIndex }) => tabIndex)).toEqual([-1, 0, -1]);
    press('End');
    expect(document.activeElement).toBe(button('LM Studio'));
  });

  it('is sorted by window with what is not known last, and by name again', async () => {
    await receive(offering(), finished('catalogs'));
    await sortBy('window');
    expect(rows()).toEqual(['Anthropic', 'Groq', 'LM Studio']);
    await receive(offering(vendors.map((one) => (one.id === 'lm' ? { ...one, largestContext: 1_000_000 } : one))));
    expect(rows()).toEqual(['LM Studio', 'Anthropic', 'Groq']);
    await sortBy('name');
    expect(rows()).toEqual(['Anthropic', 'Groq', 'LM Studio']);
  });

  it('leads out of a filter that nothing passes, back to the search', async () => {
    await receive(offering(), finished('catalogs'));
    await click('Local');
    expect(rows()).toEqual(['LM Studio']);
    await click('Input under $1/M');
    expect(rows()).toEqual([]);
    expect(words()).toContain('No matching providers or models.');
    type(search(), 'nobody');
    await click('Clear Filter');
    expect(rows()).toEqual(['Anthropic', 'Groq', 'LM Studio']);
    expect(button('Local').getAttribute('aria-pressed')).toBe('false');
    expect(search().value).toBe('');
    expect(document.activeElement).toBe(search());
  });

  it('offers the catalog server to a search that finds nothing', async () => {
    await receive(offering(), finished('catalogs'));
    type(search(), 'vendor of the future');
    await drawn();
    expect(words()).toContain('No matching providers or models.');
    await click('Update from Catalog Server…');
    expect(postedOf('refreshCatalog')).toHaveLength(1);
  });

  it('is filtered the same after the page was hidden', async () => {
    await receive(offering(), finished('catalogs'));
    await click('Images');
    type(search(), 'a');
    await drawn();
    expect(rows()).toEqual(['Anthropic', 'LM Studio']);
    open(kept);
    await receive(snapshot(), offering(), finished('catalogs'));
    expect(search().value).toBe('a');
    expect(button('Images').getAttribute('aria-pressed')).toBe('true');
    expect(rows()).toEqual(['Anthropic', 'LM Studio']);
  });

  it('marks user catalogs and their problems', async () => {
    const own = { source: 'user' } as const;
    await receive(
      offering([
        catalog({ id: 'a', name: 'A', ...own }),
        catalog({ id: 'b', name: 'B', ...own, overridesShipped: true, warningCount: 1 }),
        catalog({ id: 'c', name: 'C', ...own, errorCount: 2, warningCount: 3 }),
        catalog({ id: 'd', name: 'D', lowestInputPerMillion: 0, highestInputPerMillion: 0, hasImages: false, hasReasoning: false }),
      ]),
      finished('catalogs'),
    );
    const shown = all(HTMLElement, '.catalogs tbody tr').map((row) => [...row.children].map((cell) => cell.textContent?.trim()));
    expect(shown.map(([name]) => name)).toEqual([
      'A custom',
      'B custom, replaces the built-in catalog, 1 warning',
      'C custom, 2 errors, 3 warnings',
      'D',
    ]);
    expect(shown[3]).toEqual(['D', '2', 'free', 'n/a', 'n/a', 'text only', 'Choose']);
  });

  it('shows that the folder of user catalogs cannot be read', async () => {
    await receive(offering(vendors, 'The folder of your catalogs cannot be read.'), finished('catalogs'));
    expect(words()).toContain('The folder of your catalogs cannot be read.');
    expect(rows()).toHaveLength(3);
  });
});

describe('the menu of catalogs', () => {
  beforeEach(() => receive(offering([...vendors, catalog({ id: 'mine', name: 'Mine', source: 'user' })]), finished('catalogs')));

  it('exports a user catalog, and shows why that failed', async () => {
    await chooseIn('Catalogs', 'Export Custom Catalogs…');
    expect(postedOf('exportCatalog')).toEqual([{ type: 'exportCatalog', ids: ['mine'], work: 'export' }]);
    expect(words()).toContain('Working…');
    await receive(finished('export', { kind: 'storeReadOnly', message: 'The file cannot be written.' }));
    expect(words()).not.toContain('Working…');
    expect(document.querySelector('.failure')?.textContent).toContain('The file cannot be written.');
  });

  it('imports, and lists the result', async () => {
    await chooseIn('Catalogs', 'Import…');
    expect(postedOf('importCatalog')).toEqual([{ type: 'importCatalog', work: 'import' }]);
    const came = catalog({ id: 'new', name: 'New', source: 'user' });
    await receive({ type: 'savedCatalog', detail: catalogDetail(came, []) });
    expect(postedOf('loadCatalogs')).toHaveLength(2);
    await receive(
      offering([...vendors, came]),
      finished('catalogs'),
      { type: 'status', text: 'One catalog was imported.' },
      finished('import'),
    );
    expect(rows()).toContain('New');
    expect(document.querySelector('[role=status][aria-live]')?.textContent).toBe('One catalog was imported.');
  });

  it('refreshes, and asks again where that failed', async () => {
    await chooseIn('Catalogs', 'Update from Catalog Server');
    await receive(finished('refresh', { kind: 'unreachable', message: 'The catalog server does not answer.' }));
    expect(document.querySelector('.failure')?.textContent).toContain('The catalog server does not answer.');
    await click('Try Again');
    expect(postedOf('refreshCatalog')).toHaveLength(2);
  });

  it('begins a catalog from a starting point', async () => {
    await chooseIn('Catalogs', 'New catalog: OpenAI-compatible');
    expect(input('catalog-id').value).toBe('my-server');
    await click('Save');
    expect(postedOf('saveCatalog')).toEqual([{ type: 'saveCatalog', document: startingPoints[0]?.document, work: 'saveCatalog' }]);
  });
});

describe('the backups of catalogs', () => {
  const backups = [
    { id: '7', catalogId: 'mine', name: 'Mine', at: new Date(Date.now() - 3 * 24 * 3_600_000).toISOString(), modelCount: 1 },
    { id: '6', catalogId: 'mine', name: 'Mine', at: 'some day', modelCount: 4 },
  ];

  beforeEach(async () => {
    await receive(offering(), finished('catalogs'));
    await chooseIn('Catalogs', 'Backups');
  });

  it('are loaded when shown, and show that there are none', async () => {
    expect(document.activeElement?.textContent).toBe('Backups of custom catalogs');
    expect(postedOf('loadBackups')).toEqual([{ type: 'loadBackups', work: 'backups' }]);
    expect(words()).toContain('Loading…');
    await receive({ type: 'backups', items: [] }, finished('backups'));
    expect(words()).toContain('No backups yet.');
  });

  it('show why they cannot be listed, and are loaded again', async () => {
    await receive(finished('backups', { kind: 'internal', message: 'The folder cannot be read.' }));
    expect(document.querySelector('.failure')?.textContent).toContain('The folder cannot be read.');
    await click('Try Again');
    expect(postedOf('loadBackups')).toHaveLength(2);
  });

  it('are restored with one click and show progress and errors', async () => {
    await receive({ type: 'backups', items: backups }, finished('backups'));
    expect(all(HTMLElement, '.kind-row .line').map((line) => line.textContent)).toEqual([
      '3 days ago, 1 model',
      'at an unknown time, 4 models',
    ]);
    await click('Restore Mine, 3 days ago');
    expect(postedOf('restore')).toEqual([{ type: 'restore', backupId: '7', work: 'restore:7' }]);
    const row = all(HTMLElement, '.kind-row')[0];
    expect(row?.textContent).toContain('Restoring…');
    expect(document.activeElement?.getAttribute('aria-disabled')).toBe('true');
    await receive(finished('restore:7', { kind: 'badRequest', message: 'It does not hold together.' }));
    expect(all(HTMLElement, '.kind-row').map((one) => one.textContent?.includes('It does not hold together.'))).toEqual([true, false]);
    expect(document.activeElement).toBe(button('Restore Mine, 3 days ago'));
  });

  it('lead back by Escape, to the menu they were opened from', async () => {
    await receive({ type: 'backups', items: backups }, finished('backups'));
    press('Escape');
    await drawn();
    expect(heading()).toBe('Add Provider');
    expect(document.activeElement).toBe(button('Catalogs'));
  });
});

describe('one vendor', () => {
  const many = Array.from({ length: 130 }, (_, at) => model(`model-${at}`, at === 7 ? { name: 'Seven', supportsVision: true } : {}));

  beforeEach(() => receive(offering(), finished('catalogs')));

  it('shows why its models are missing, and retries', async () => {
    await click('Groq');
    expect(words()).toContain('Loading the models…');
    await receive(finished('catalog:groq', { kind: 'internal', message: 'Its file cannot be read.' }));
    expect(document.querySelector('.failure')?.textContent).toContain('Its file cannot be read.');
    await click('Try Again');
    expect(postedOf('loadCatalog')).toHaveLength(2);
    await click('Choose Groq');
    expect(heading()).toBe('Connect Groq');
  });

  it('shows a hundred models and then the rest, and finds one by words', async () => {
    await click('Groq');
    await receive({ type: 'catalog', detail: catalogDetail(vendors[1] ?? catalog(), many) }, finished('catalog:groq'));
    const shown = (): number => all(HTMLElement, '.models tbody tr').length;
    expect(shown()).toBe(100);
    await click('Show 30 More');
    expect(shown()).toBe(130);
    const first = all(HTMLInputElement, 'input[type=checkbox]')[100];
    expect(document.activeElement).toBe(first);
    first?.click();
    await drawn();
    expect(shown()).toBe(130);
    expect(document.activeElement?.getAttribute('aria-label')).toBe('Compare model-100');
    type(search(), 'seven images');
    await drawn();
    expect(all(HTMLElement, '.models tbody th').map((cell) => cell.textContent)).toEqual(['Sevenmodel-7']);
    type(search(), 'nothing like it');
    await drawn();
    expect(words()).toContain('No matching models.');
  });

  it('with some checked models is compared, or no longer', async () => {
    await click('Groq');
    await receive({ type: 'catalog', detail: catalogDetail(vendors[1] ?? catalog(), many.slice(0, 3)) }, finished('catalog:groq'));
    const tick = async (at: number): Promise<void> => {
      all(HTMLInputElement, 'input[type=checkbox]')[at]?.click();
      await drawn();
    };
    await tick(0);
    expect(words()).toContain('Compare 1 Model');
    await tick(1);
    await tick(0);
    await click('Compare 1 Model');
    expect(words()).toContain('model-1');
    expect(words()).not.toContain('model-0');
    await click('Remove model-1 from comparison');
    expect(words()).toContain('No models to compare. Select models in a provider’s list.');
    await click('Back');
    await tick(2);
    await click('Clear Comparison');
    expect(all(HTMLInputElement, 'input[type=checkbox]').map(({ checked }) => checked)).toEqual([false, false, false]);
    expect(document.querySelector('.compare-bar')).toBeNull();
  });

  it('that is shipped is edited in a copy', async () => {
    const document_ = { id: 'anthropic', name: 'Anthropic', type: 'anthropic', models: [{ id: 'large', name: 'Large' }] };
    await click('Anthropic');
    await receive({
      type: 'catalog',
      detail: { ...catalogDetail(vendors[0] ?? catalog(), [], document_), problems: [] },
    });
    expect(words()).toContain('Built into Plue.');
    await click('Export…');
    expect(postedOf('exportCatalog')).toEqual([{ type: 'exportCatalog', ids: ['anthropic'], work: 'export' }]);
    await click('Edit Copy');
    await click('Save');
    expect(postedOf('saveCatalog')[0]).toMatchObject({ previousId: 'anthropic', document: document_ });
  });

  it('of the user shows its problems and can be deleted, which returns to the list', async () => {
    const mine = catalog({ id: 'mine', name: 'Mine', source: 'user', overridesShipped: true, warningCount: 1 });
    await receive(offering([mine]), finished('catalogs'));
    await click('Mine');
    const problem = { path: 'models[0].id', severity: 'warning', message: 'It is listed twice.' } as const;
    await receive({ type: 'catalog', detail: { ...catalogDetail(mine, []), problems: [problem] } }, finished('catalog:mine'));
    expect(words()).toContain('models[0].id: It is listed twice.');
    expect(words()).toContain('replaces the built-in catalog');
    await click('Delete Catalog…');
    expect(postedOf('deleteCatalog')).toEqual([{ type: 'deleteCatalog', id: 'mine', work: 'deleteCatalog:mine' }]);
    const shipped = offering([...vendors, { ...mine, source: 'shipped', overridesShipped: false }]);
    await receive({ type: 'removedCatalog', id: 'mine' }, shipped, finished('deleteCatalog:mine'), finished('catalogs'));
    expect(heading()).toBe('Add Provider');
    expect(rows()).toEqual(['Anthropic', 'Groq', 'LM Studio', 'Mine']);
    // The built-in catalog that it replaced is requested again.
    await click('Mine');
    expect(postedOf('loadCatalog')).toHaveLength(2);
    expect(words()).toContain('Built into Plue.');
  });

  it('that the host wants to be shown, or the list, takes the place of what was there', async () => {
    await click('Groq');
    await receive({ type: 'go', to: 'provider', id: 'b' });
    expect(document.querySelector('.provider-row.selected')?.textContent).toContain('Basement');
    await receive({ type: 'go', to: 'add' });
    expect(heading()).toBe('Add Provider');
    await click('Back');
    expect(document.querySelector('.provider-row.selected')?.textContent).toContain('Basement');
  });
});
