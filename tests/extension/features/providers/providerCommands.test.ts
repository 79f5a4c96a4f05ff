import { beforeEach, describe, expect, it } from 'vitest';
import * as l10n from '../../../../extension/src/infrastructure/localizedText';
import { ProviderActions } from '../../../../extension/src/features/providers/providerActions';
import { addProvider, enableAndTell, pickProvider, testAndTell } from '../../../../extension/src/features/providers/providerCommands';
import { UserCancelledError } from '../../../../extension/src/infrastructure/errors';
import {
  catalogList,
  providerApprove,
  providerConfigure,
  providerExecutables,
  providerList,
  providerSetEnabled,
  providerTest,
  type CatalogSummary,
  type ExecutableView,
  type ProviderKindView,
  type ProviderSummary,
} from '../../../../extension/src/protocol/protocol.generated';
import { ProviderList } from '../../../../extension/src/server/providerList';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { answers, executed, lists, reset, shown } from '../../testing/vscode';
import { catalog, kind, ownServer, provider, tour } from '../../webview/providerSamples';

const external = kind({ kind: 'external', name: 'External program', takesKey: false, takesEndpoint: false, defaultEndpoint: undefined });
const program: ExecutableView = {
  path: '/bin/plue-provider-x',
  name: 'x',
  sha256: 'ab'.repeat(32),
  approved: false,
  changedSinceApproval: false,
};

let items: ProviderSummary[];
let kinds: ProviderKindView[];
let catalogs: CatalogSummary[];
let programs: ExecutableView[];
/** What the sidecar makes of a new provider. */
let made: Partial<ProviderSummary>;
let sidecar: FakeSidecar;
let providers: ProviderList;
let actions: ProviderActions;

beforeEach(() => {
  reset();
  items = [provider()];
  kinds = [kind(), ownServer, external, kind({ kind: 'tour', name: 'Tour' })];
  catalogs = [catalog({ name: 'Groq', id: 'groq', kind: 'openai-compatible', endpoint: 'https://api.groq.com/v1' })];
  programs = [program];
  made = { hasCredential: true };
  sidecar = new FakeSidecar()
    .answer(providerList, () => ({ items, kinds }))
    .answer(catalogList, () => ({ items: catalogs }))
    .answer(providerExecutables, () => ({ items: programs }))
    .answer(providerApprove, () => ({ ...program, approved: true }))
    .answer(providerConfigure, ({ name }) => {
      const stored = provider({ id: 'new', name, ...made });
      items = [...items, stored];
      return stored;
    })
    .answer(providerSetEnabled, ({ id }) => provider({ id, name: 'Anthropic' }))
    .answer(providerTest, ({ id }) => items.find((item) => item.id === id) ?? provider());
  providers = new ProviderList(sidecar);
  actions = new ProviderActions(sidecar, providers);
});

function add(...said: string[]): Promise<void> {
  answers.push(...said);
  return addProvider(sidecar, providers, actions);
}

function stored(): unknown {
  return sidecar.asked.find(({ method }) => method === 'provider/configure')?.params;
}

describe('a new provider', () => {
  it('is chosen among the catalogs and the kinds without one, but for the tour', async () => {
    catalogs.push(
      catalog({ name: 'Ollama', kind: 'openai-compatible', modelCount: 0, isLocal: true }),
      catalog({ name: 'One', modelCount: 1 }),
      catalog({ name: 'Of a kind that is not known', kind: 'other' }),
    );
    await expect(add()).rejects.toBeInstanceOf(UserCancelledError);
    expect(lists[0]).toMatchObject([
      { label: 'Catalog' },
      { label: 'Groq', description: '2 models' },
      { label: 'Ollama', description: 'Custom models' },
      { label: 'One', description: '1 model' },
      { label: 'Local and custom' },
      { label: 'Anthropic', description: 'https://api.anthropic.com' },
      { label: 'OpenAI-compatible', description: '' },
      { label: 'External program', description: '' },
    ]);
  });

  it('of a catalog that says where it is needs a name only, and is tested at once', async () => {
    await add('Groq', 'Groq');
    expect(stored()).toEqual({
      ...{ name: 'Groq', kind: 'openai-compatible', endpoint: undefined, catalogProvider: 'groq', fields: undefined, enabled: true },
    });
    expect(shown.map(({ kind: how, text }) => [how, text])).toEqual([
      ['pick', 'Add Provider'],
      ['input', 'Add Groq'],
      ['progress', 'Testing Groq…'],
      ['info', 'Groq responded.'],
    ]);
  });

  it('is asked for its address where the catalog names a variable in place of one', async () => {
    catalogs = [catalog({ name: 'Azure', kind: 'openai-compatible', endpoint: '$AZURE_ENDPOINT' })];
    await add('Azure', 'Azure', 'my.azure.example', 'https://me:secret@my.azure.example', ' https://my.azure.example ');
    const slip = 'Enter an address that starts with http:// or https://, without a user name or password.';
    expect(shown.filter(({ kind: how }) => how === 'refused').map(({ text }) => text)).toEqual([slip, slip]);
    expect(stored()).toMatchObject({ endpoint: 'https://my.azure.example' });
  });

  it('gets no name that is taken, or none', async () => {
    await add('Anthropic', ' ', 'ANTHROPIC', ' Second ', 'https://api.anthropic.com');
    expect(shown.filter(({ kind: how }) => how === 'refused').map(({ text }) => text)).toEqual([
      'Enter a name for the provider.',
      'A provider with this name already exists.',
    ]);
    expect(stored()).toMatchObject({ name: 'Second' });
  });

  it('is not stored without a name or an address', async () => {
    await expect(add('Groq')).rejects.toBeInstanceOf(UserCancelledError);
    await expect(add('OpenAI-compatible', 'Lab')).rejects.toBeInstanceOf(UserCancelledError);
    expect(stored()).toBeUndefined();
  });

  it('without a key is asked whether it needs one', async () => {
    made = { hasCredential: false };
    await add('OpenAI-compatible', 'Lab', 'http://localhost:9000', 'Set Key…');
    expect(executed).toEqual([['plue.configureProviderKey', 'new']]);
    expect(sidecar.methods()).not.toContain('provider/test');
    items = [];
    await add('OpenAI-compatible', 'Lab', 'http://localhost:9000', 'No key');
    expect(executed).toHaveLength(1);
    expect(sidecar.methods()).toContain('provider/test');
  });

  it('that is signed in to leads there', async () => {
    made = { authType: 'oauth' };
    await add('Groq', 'Groq');
    expect(executed).toEqual([['plue.signInProvider', 'new']]);
  });
});

describe('an external program', () => {
  it('is named with its path, and whether it is still what was approved', async () => {
    programs = [program, { ...program, name: 'y', approved: true }, { ...program, name: 'z', changedSinceApproval: true }];
    await expect(add('External')).rejects.toBeInstanceOf(UserCancelledError);
    expect(lists[1]).toMatchObject([
      { label: 'x', description: 'Not approved yet', detail: '/bin/plue-provider-x' },
      { label: 'y', description: 'Approved' },
      { label: 'z', description: 'Changed since you approved it' },
    ]);
  });

  it('is shown with its fingerprint before it may ever start, and not stored without that', async () => {
    await expect(add('External', 'x')).rejects.toBeInstanceOf(UserCancelledError);
    expect(shown.at(-1)).toMatchObject({
      text: 'Approve the program “x”?',
      detail: `/bin/plue-provider-x\nSHA-256 ${program.sha256}\n\nPlue can start the program until its content changes.`,
    });
    expect(sidecar.methods()).not.toContain('provider/approve');
    expect(stored()).toBeUndefined();
  });

  it('that is approved is not asked about again', async () => {
    programs = [{ ...program, approved: true }];
    await add('External', 'x', 'Mine');
    expect(sidecar.methods()).not.toContain('provider/approve');
    expect(stored()).toMatchObject({ name: 'Mine', kind: 'external', fields: { command: '/bin/plue-provider-x' } });
  });

  it('has to be there', async () => {
    programs = [];
    await expect(add('External')).rejects.toThrow('No programs found. Add a program named plue-provider-… to');
  });
});

describe('how a test went', () => {
  it('shows the error with a button', async () => {
    items = [provider({ status: 'error', error: { kind: 'providerAuthFailed', message: 'The key was refused.' } })];
    answers.push('Set Key…');
    await testAndTell(actions, provider());
    expect(shown.at(-1)).toMatchObject({ kind: 'warning', text: 'The key was refused.', buttons: ['Set Key…'] });
    expect(executed).toEqual([['plue.configureProviderKey', 'anthropic']]);
    await testAndTell(actions, provider());
    expect(executed).toHaveLength(1);
  });

  it('reports an enabled provider', async () => {
    await enableAndTell(actions, provider());
    expect(sidecar.asked[0]).toEqual({ method: 'provider/setEnabled', params: { id: 'anthropic', enabled: true } });
    expect(shown.map(({ text }) => text)).toEqual(['Enabling Anthropic…', 'Anthropic is enabled.']);
  });
});

describe('the choice of a provider', () => {
  it('says in words how each is', async () => {
    items = [
      provider({ isDefault: true, source: 'environment', endpoint: 'https://api.anthropic.com', model: 'large' }),
      provider({ name: 'Lab', status: 'error', hasCredential: false, error: { kind: 'unreachable', message: 'Nobody answers.' } }),
      tour,
    ];
    await expect(pickProvider(providers, l10n.t('Test Provider'), () => true)).rejects.toBeInstanceOf(UserCancelledError);
    expect(lists[0]).toMatchObject([
      {
        label: '$(pass) Anthropic',
        description: 'Connected, default, key from the environment',
        detail: 'https://api.anthropic.com  large',
      },
      { label: '$(error) Lab', description: 'Not working, no key', detail: 'Nobody answers.' },
      { label: '$(device-camera-video) The tour', description: 'Recorded responses, no key or network needed' },
    ]);
  });

  it('that leaves none says so', async () => {
    await expect(pickProvider(providers, l10n.t('Enable Provider'), () => false)).rejects.toThrow('No provider supports this action.');
    expect(shown).toEqual([]);
  });
});
