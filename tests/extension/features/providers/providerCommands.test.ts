import { beforeEach, describe, expect, it } from 'vitest';
import * as l10n from '../../../../extension/src/infrastructure/localizedText';
import { Connector } from '../../../../extension/src/features/providers/connector';
import { ProviderActions } from '../../../../extension/src/features/providers/providerActions';
import { addProvider, enableAndNotify, pickProvider, testAndNotify } from '../../../../extension/src/features/providers/providerCommands';
import { UserCancelledError } from '../../../../extension/src/infrastructure/errors';
import {
  catalogGet,
  catalogList,
  providerApprove,
  providerConfigure,
  providerDiscover,
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
import { answers, commandAnswers, executed, lists, reset, shown } from '../../testing/vscode';
import { catalog, catalogDetail, kind, ownServer, provider, tour } from '../../webview/providerSamples';

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
let sidecar: FakeSidecar;
let providers: ProviderList;
let actions: ProviderActions;

beforeEach(() => {
  reset();
  items = [provider({ isDefault: true })];
  kinds = [kind(), ownServer, external, kind({ kind: 'tour', name: 'Tour' })];
  catalogs = [catalog({ name: 'Groq', id: 'groq', kind: 'openai-compatible', endpoint: 'https://api.groq.com/v1' })];
  programs = [program];
  sidecar = new FakeSidecar()
    .answer(providerList, () => ({ items, kinds }))
    .answer(catalogList, () => ({ items: catalogs }))
    .answer(catalogGet, ({ id }) => catalogDetail(catalog({ id }), []))
    .answer(providerExecutables, () => ({ items: programs }))
    .answer(providerApprove, () => ({ ...program, approved: true }))
    .answer(providerConfigure, ({ id = 'new', name }) => {
      const stored = provider({ id, name });
      items = [...items.filter((item) => item.id !== id), stored];
      return stored;
    })
    .answer(providerSetEnabled, ({ id }) => provider({ id, name: 'Anthropic' }))
    .answer(providerTest, ({ id }) => items.find((item) => item.id === id) ?? provider());
  providers = new ProviderList(sidecar);
  actions = new ProviderActions(sidecar, providers);
});

function add(...said: string[]): Promise<void> {
  answers.push(...said);
  return addProvider(sidecar, providers, new Connector(sidecar, providers, actions));
}

/** Simulates the vault's prompt for the key, which is another feature. */
function whenKeyIsTyped(): void {
  commandAnswers.set('plue.addProviderWithKey', () => {
    const stored = provider({ id: 'new', name: 'New' });
    items = [...items, stored];
    return stored;
  });
}

function stored(): unknown {
  return sidecar.asked.find(({ method }) => method === 'provider/configure')?.params;
}

describe('a new provider', () => {
  it('is chosen among the first ones, then all others, but for the tour', async () => {
    catalogs.push(
      catalog({ name: 'LM Studio', id: 'lmstudio', kind: 'openai-compatible', modelCount: 0, isLocal: true }),
      catalog({ name: 'One', id: 'one', modelCount: 1 }),
      catalog({ name: 'Of a kind that is not known', kind: 'other' }),
    );
    await expect(add()).rejects.toBeInstanceOf(UserCancelledError);
    expect(lists[0]).toMatchObject([
      { label: 'Anthropic', description: 'https://api.anthropic.com' },
      { label: 'OpenAI-compatible', description: '' },
      { label: 'More providers' },
      { label: 'Groq', description: '2 models' },
      { label: 'LM Studio', description: 'Custom models' },
      { label: 'One', description: '1 model' },
      { label: 'External program', description: '' },
    ]);
  });

  it('of a vendor asks only for its key, which is stored after it, and is tested at once', async () => {
    whenKeyIsTyped();
    await add('Groq');
    expect(executed).toEqual([
      [
        'plue.addProviderWithKey',
        { name: 'Groq', kind: 'openai-compatible', catalogProvider: 'groq', origin: 'https://api.groq.com', isKeyOptional: true },
      ],
    ]);
    expect(stored()).toBeUndefined();
    expect(sidecar.asked.findLast(({ method }) => method === 'provider/test')?.params).toEqual({ id: 'new' });
    expect(shown.map(({ kind: how, text }) => [how, text])).toEqual([
      ['pick', 'Add Provider'],
      ['progress', 'Testing New…'],
      ['progress', 'Testing New…'],
      ['info', 'New is connected.'],
    ]);
  });

  it('becomes the default where there is none but the tour', async () => {
    items = [{ ...tour, isDefault: true }];
    whenKeyIsTyped();
    await add('Anthropic');
    expect(stored()).toEqual({ id: 'new', name: 'New', kind: 'anthropic', makeDefault: true });
  });

  it('leaves the default alone where there is one', async () => {
    items = [provider({ isDefault: true })];
    whenKeyIsTyped();
    await add('Groq');
    expect(stored()).toBeUndefined();
  });

  it('that does not respond is shown with a way to set its key', async () => {
    commandAnswers.set('plue.addProviderWithKey', () => {
      const failed = provider({ id: 'new', name: 'New', error: { kind: 'providerAuthFailed', message: 'The key was refused.' } });
      items = [...items, failed];
      return failed;
    });
    await add('Groq');
    expect(shown.at(-1)).toMatchObject({ kind: 'warning', text: 'The key was refused.', buttons: ['Set Key…'] });
    expect(stored()).toBeUndefined();
  });

  it('of a custom server asks for its address, and is named after it', async () => {
    whenKeyIsTyped();
    await add('OpenAI-compatible', 'localhost', 'https://me:secret@lab.example', ' http://localhost:8080/v1 ');
    const slip = 'Enter an address that starts with http:// or https://, without a user name or password.';
    expect(shown.filter(({ kind: how }) => how === 'refused').map(({ text }) => text)).toEqual([slip, slip]);
    expect(executed[0]?.[1]).toEqual({
      name: 'localhost:8080',
      kind: 'openai-compatible',
      endpoint: 'http://localhost:8080/v1',
      origin: 'http://localhost:8080',
      isKeyOptional: true,
    });
  });

  it('is not stored without an address', async () => {
    await expect(add('OpenAI-compatible')).rejects.toBeInstanceOf(UserCancelledError);
    expect([stored(), executed]).toEqual([undefined, []]);
  });

  it.each([
    ['http://localhost:11434', undefined],
    ['http://192.168.1.20:11434', undefined],
    ['https://ollama.com', 'https://ollama.com'],
  ])('of Ollama at %s asks for a key only if the address needs one', async (address, origin) => {
    const ollama = kind({ kind: 'ollama', name: 'Ollama', authTypes: ['none', 'apiKey'], defaultEndpoint: 'http://localhost:11434' });
    kinds = [ollama];
    sidecar.answer(catalogGet, () => catalogDetail(catalog({ id: 'ollama', name: 'Ollama', kind: 'ollama' }), []));
    whenKeyIsTyped();
    await add('Ollama', address);
    expect(executed[0]?.[1]).toEqual(
      origin === undefined ? undefined : expect.objectContaining({ origin, fields: { auth_type: 'api_key' }, isKeyOptional: true }),
    );
    if (origin === undefined) expect(stored()).toMatchObject({ name: 'Ollama', kind: 'ollama', catalogProvider: 'ollama' });
  });

  it('of Claude Code is the discovered one, and leads to the sign-in if there is none', async () => {
    kinds = [kind({ kind: 'claude-code', name: 'Claude Code', takesKey: false, takesEndpoint: false, authTypes: ['none'] })];
    sidecar.answer(providerDiscover, () => ({ defaultId: 'tour', message: 'Nothing.', checks: [] }));
    items = [tour];
    await expect(add('Claude Code')).rejects.toBeInstanceOf(UserCancelledError);
    expect(executed).toEqual([['plue.checkClaudeCodeAuth']]);
    items = [provider({ id: 'claude-code', name: 'Claude Code', kind: 'claude-code', source: 'found' }), tour];
    await add('Claude Code');
    expect(stored()).toEqual({ id: 'claude-code', name: 'Claude Code', kind: 'claude-code', makeDefault: true });
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
    await add('External', 'x', 'No key');
    expect(sidecar.methods()).not.toContain('provider/approve');
    expect(stored()).toMatchObject({ name: 'x', kind: 'external', fields: { command: '/bin/plue-provider-x' } });
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
    await testAndNotify(actions, provider());
    expect(shown.at(-1)).toMatchObject({ kind: 'warning', text: 'The key was refused.', buttons: ['Set Key…'] });
    expect(executed).toEqual([['plue.configureProviderKey', 'anthropic']]);
    await testAndNotify(actions, provider());
    expect(executed).toHaveLength(1);
  });

  it('reports an enabled provider', async () => {
    await enableAndNotify(actions, provider());
    expect(sidecar.asked[0]).toEqual({ method: 'provider/setEnabled', params: { id: 'anthropic', enabled: true } });
    expect(shown.map(({ text }) => text)).toEqual(['Enabling Anthropic…', 'Anthropic is enabled.']);
  });
});

describe('the choice of a provider', () => {
  it('describes each state in words', async () => {
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

  it('without any left shows it', async () => {
    await expect(pickProvider(providers, l10n.t('Enable Provider'), () => false)).rejects.toThrow('No provider supports this action.');
    expect(shown).toEqual([]);
  });
});
