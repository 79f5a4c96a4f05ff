// Providers as quick picks, until they have a page of their own.
import * as vscode from 'vscode';
import { UserCancelledError, helpFor } from '../../infrastructure/errors';
import type { ProviderConfigureParams, ProviderKindView, ProviderSummary } from '../../protocol/protocol.generated';
import { providerConfigure, providerDelete, providerModels, providerTest } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import type { ProviderList } from '../../server/providerList';
import { statusDetail, statusIcon, statusWords } from './statusWords';

interface Choice extends vscode.QuickPickItem {
  run?: () => Promise<void>;
}

/** Lists providers, acts on the chosen one. */
export async function manageProviders(sidecar: Sidecar, providers: ProviderList): Promise<void> {
  const items = await providers.refresh();
  const rows = items.map((provider): Choice => ({
    label: `$(${statusIcon(provider)}) ${provider.name}`,
    description: statusWords(provider),
    detail: statusDetail(provider),
    run: () => actOn(sidecar, providers, provider),
  }));
  await choose('Plue: Providers', 'Choose a provider, or add one', [
    ...rows,
    { label: '', kind: vscode.QuickPickItemKind.Separator },
    { label: '$(add) Add provider…', run: () => addProvider(sidecar, providers) },
    { label: '$(search) Look at this machine again', run: () => lookAround(providers) },
  ]);
}

async function choose(title: string, placeHolder: string, choices: Choice[]): Promise<void> {
  const chosen = await vscode.window.showQuickPick(choices, { title, placeHolder, matchOnDescription: true, matchOnDetail: true });
  if (chosen?.run === undefined) throw new UserCancelledError();
  await chosen.run();
}

async function actOn(sidecar: Sidecar, providers: ProviderList, provider: ProviderSummary): Promise<void> {
  const change = async (changes: Partial<ProviderConfigureParams>): Promise<void> => {
    await sidecar.request(providerConfigure, { id: provider.id, name: provider.name, kind: provider.kind, ...changes });
    await providers.refresh();
  };
  const kind = providers.kinds.find((candidate) => candidate.kind === provider.kind);
  const isFile = provider.source === 'file';
  const choices: (Choice | false)[] = [
    !provider.isDefault &&
      provider.enabled && { label: '$(star) Make default', description: 'for new chats', run: () => change({ makeDefault: true }) },
    provider.enabled && {
      label: provider.error === undefined ? '$(debug-start) Test' : '$(debug-start) Test again',
      // The placeholder would cut a sentence off.
      detail: provider.error?.message,
      run: () => testProvider(sidecar, providers, provider),
    },
    provider.takesKey && { label: '$(key) Set key…', run: () => setKey(provider.id) },
    kind?.takesEndpoint === true && {
      label: '$(globe) Change endpoint…',
      description: provider.endpoint,
      run: async () => change({ endpoint: await askForEndpoint(provider.name, provider.endpoint ?? kind.defaultEndpoint) }),
    },
    {
      label: '$(symbol-parameter) Change model…',
      description: provider.model,
      run: async () => change({ model: await askForModel(sidecar, provider) }),
    },
    provider.enabled
      ? { label: '$(circle-slash) Turn off', run: () => change({ enabled: false }) }
      : { label: '$(check) Turn on', run: () => change({ enabled: true }) },
    provider.kind === 'claude-code' && {
      label: '$(account) Check sign-in',
      run: async () => {
        await vscode.commands.executeCommand('plue.checkClaudeCodeAuth');
      },
    },
    isFile && { label: '$(trash) Delete…', run: () => deleteProvider(sidecar, providers, provider) },
  ];
  await choose(
    provider.name,
    provider.error === undefined ? statusDetail(provider) : statusWords(provider),
    choices.filter((choice) => choice !== false),
  );
}

async function addProvider(sidecar: Sidecar, providers: ProviderList): Promise<void> {
  const picked = await vscode.window.showQuickPick(
    providers.kinds.map((kind) => ({
      label: kind.name,
      description: kind.defaultEndpoint ?? '',
      kind: vscode.QuickPickItemKind.Default,
      view: kind,
    })),
    { title: 'Add Provider', placeHolder: 'What kind of provider?' },
  );
  if (!picked) throw new UserCancelledError();
  const kind = picked.view;
  const name = await askForName(kind, providers);
  const endpoint = kind.takesEndpoint ? await askForEndpoint(name, kind.defaultEndpoint) : undefined;
  const model = await vscode.window.showInputBox({
    title: name,
    prompt: 'The model to use when a chat names none. Leave it empty to choose later.',
    ignoreFocusOut: true,
  });
  if (model === undefined) throw new UserCancelledError();
  const provider = await sidecar.request(providerConfigure, {
    name,
    kind: kind.kind,
    endpoint,
    model: model.trim() === '' ? undefined : model.trim(),
    enabled: true,
  });
  await providers.refresh();
  // Setting a key tests it too; a local server may need none, so there walking away from the key is fine.
  if (provider.takesKey && !provider.hasCredential && (await wantsKey(provider))) await setKey(provider.id);
  else await testProvider(sidecar, providers, provider);
}

async function wantsKey(provider: ProviderSummary): Promise<boolean> {
  const answer = await vscode.window.showQuickPick(['Set key…', 'No key'], {
    title: provider.name,
    placeHolder: 'Does it need a key?',
    ignoreFocusOut: true,
  });
  return answer === 'Set key…';
}

async function askForName(kind: ProviderKindView, providers: ProviderList): Promise<string> {
  const taken = new Set(providers.items.map((provider) => provider.name.toLowerCase()));
  const name = await vscode.window.showInputBox({
    title: `Add ${kind.name}`,
    prompt: 'Its name in Plue',
    value: taken.has(kind.name.toLowerCase()) ? '' : kind.name,
    ignoreFocusOut: true,
    validateInput: (value) => {
      if (value.trim() === '') return 'A provider needs a name.';
      return taken.has(value.trim().toLowerCase()) ? 'There is a provider of this name.' : undefined;
    },
  });
  if (name === undefined) throw new UserCancelledError();
  return name.trim();
}

async function askForEndpoint(name: string, value?: string): Promise<string> {
  const endpoint = await vscode.window.showInputBox({
    title: name,
    prompt: 'The address of the server',
    placeHolder: 'http://localhost:11434',
    value,
    ignoreFocusOut: true,
    validateInput: (typed) =>
      isEndpoint(typed) ? undefined : 'An address that starts with http:// or https://, without a name or password in it.',
  });
  if (endpoint === undefined) throw new UserCancelledError();
  return endpoint.trim();
}

export function isEndpoint(typed: string): boolean {
  if (!URL.canParse(typed.trim())) return false;
  const url = new URL(typed.trim());
  return (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '' && url.password === '';
}

async function askForModel(sidecar: Sidecar, provider: ProviderSummary): Promise<string> {
  const other = 'Type a name…';
  const listed = await sidecar.request(providerModels, { id: provider.id }).then(
    ({ models }) => models.map((model) => ({ label: model.id, description: model.name ?? '' })),
    () => [], // a server that lists nothing can still be given a name
  );
  const chosen =
    listed.length === 0
      ? { label: other }
      : await vscode.window.showQuickPick([...listed, { label: other, description: '' }], { title: provider.name, placeHolder: 'Model' });
  const model =
    chosen?.label === other
      ? await vscode.window.showInputBox({ title: provider.name, prompt: 'The model’s name', value: provider.model, ignoreFocusOut: true })
      : chosen?.label;
  if (model === undefined || model.trim() === '') throw new UserCancelledError();
  return model.trim();
}

async function setKey(id: string): Promise<void> {
  await vscode.commands.executeCommand('plue.configureProviderKey', id);
}

async function testProvider(sidecar: Sidecar, providers: ProviderList, provider: ProviderSummary): Promise<void> {
  const tested = await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title: `Testing ${provider.name}…` }, () =>
    sidecar.request(providerTest, { id: provider.id }),
  );
  await providers.refresh();
  if (tested.error === undefined) {
    void vscode.window.showInformationMessage(`${tested.name} answered.`);
    return;
  }
  const help = helpFor(tested.error.kind)[0];
  const chosen = await vscode.window.showWarningMessage(tested.error.message, ...(help ? [help.title] : []));
  if (help && chosen === help.title) await vscode.commands.executeCommand(help.command, provider.id);
}

async function deleteProvider(sidecar: Sidecar, providers: ProviderList, provider: ProviderSummary): Promise<void> {
  const answer = await vscode.window.showWarningMessage(
    `Delete the provider “${provider.name}”?`,
    { modal: true, detail: 'Its chats stay, and ask for another provider. A key of it stays in the vault until you remove it.' },
    'Delete',
  );
  if (answer !== 'Delete') throw new UserCancelledError();
  await sidecar.request(providerDelete, { id: provider.id });
  await providers.refresh();
}

async function lookAround(providers: ProviderList): Promise<void> {
  const { sentence } = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: 'Looking for Claude Code, Ollama and keys…' },
    () => providers.discover(),
  );
  void vscode.window.showInformationMessage(sentence);
}
