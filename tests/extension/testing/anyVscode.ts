// VS Code's API for running the language client outside VS Code: what tests check works, and everything else accepts any use.
import * as fake from './vscode';

/** Can be called, constructed, extended and read, without an effect. */
const anything: unknown = new Proxy(
  function nothing() {
    return new fake.Disposable(() => undefined);
  },
  {
    get: (target, key): unknown => {
      if (key === 'prototype') return Reflect.get(target, key);
      if (key === Symbol.toPrimitive) return () => 0;
      return key === 'then' || key === Symbol.iterator ? undefined : anything;
    },
  },
);

function outputChannel(): unknown {
  const write = (): void => undefined;
  const disposable = new fake.Disposable(write);
  return {
    ...{
      trace: write,
      debug: write,
      info: write,
      warn: write,
      error: write,
      append: write,
      appendLine: write,
      show: write,
      dispose: write,
    },
    logLevel: 3,
    onDidChangeLogLevel: () => disposable,
  };
}

const known: Record<string, unknown> = {
  ...fake,
  workspace: new Proxy(fake.workspace, {
    get: (target, key): unknown => {
      if (key === 'getConfiguration') return () => ({ get: () => undefined });
      if (key === 'textDocuments' || key === 'notebookDocuments') return [];
      return Reflect.has(target, key) ? Reflect.get(target, key) : anything;
    },
  }),
  window: new Proxy(fake.window, {
    get: (target, key): unknown =>
      key === 'createOutputChannel' ? outputChannel : Reflect.has(target, key) ? Reflect.get(target, key) : anything,
  }),
  LogLevel: { Off: 0, Trace: 1, Debug: 2, Info: 3, Warning: 4, Error: 5 },
};

module.exports = new Proxy(known, {
  get: (target, key): unknown => (typeof key === 'string' && key in target ? target[key] : anything),
});
