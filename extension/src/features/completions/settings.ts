// Settings in plue.completions.
import * as v from 'valibot';
import * as vscode from 'vscode';

export interface CompletionModel {
  providerId: string;
  model: string;
}

export type Languages = Readonly<Record<string, boolean>>;

export interface CompletionSettings {
  isEnabled: boolean;
  model?: CompletionModel;
  /** By language ID; `*` applies to all other languages. */
  languages: Languages;
  /** The workspace's value, which can only turn languages off. */
  workspaceLanguages: Languages;
  /** Milliseconds without typing before a request. */
  delay: number;
}

export const section = 'plue.completions';

const anyLanguage = v.fallback(v.record(v.string(), v.boolean()), {});

const settings = v.object({
  enabled: v.fallback(v.boolean(), false),
  model: v.fallback(v.string(), ''),
  delay: v.fallback(v.pipe(v.number(), v.minValue(0), v.maxValue(10_000)), 300),
});

export function readSettings(): CompletionSettings {
  const configuration = vscode.workspace.getConfiguration(section);
  const { enabled, model, delay } = v.parse(settings, {
    enabled: configuration.get('enabled'),
    model: configuration.get('model'),
    delay: configuration.get('delay'),
  });
  const languages = configuration.inspect('languages');
  const parsed = parseModel(model);
  return {
    isEnabled: enabled,
    languages: { ...v.parse(anyLanguage, languages?.defaultValue), ...v.parse(anyLanguage, languages?.globalValue) },
    workspaceLanguages: v.parse(anyLanguage, languages?.workspaceValue),
    delay,
    ...(parsed === undefined ? {} : { model: parsed }),
  };
}

export async function writeSetting(name: 'enabled' | 'model' | 'languages', value: unknown): Promise<void> {
  await vscode.workspace.getConfiguration(section).update(name, value, vscode.ConfigurationTarget.Global);
}

/** A workspace cannot enable a language that the user disabled. */
export function isLanguageEnabled(
  { languages, workspaceLanguages }: Pick<CompletionSettings, 'languages' | 'workspaceLanguages'>,
  languageId: string,
): boolean {
  return [languages, workspaceLanguages].every((each) => each[languageId] ?? each['*'] ?? true);
}

/** Parses `provider/model`, in which the model may contain slashes. */
export function parseModel(text: string): CompletionModel | undefined {
  const slash = text.indexOf('/');
  const [providerId, model] = [text.slice(0, slash).trim(), text.slice(slash + 1).trim()];
  return slash < 0 || providerId === '' || model === '' ? undefined : { providerId, model };
}

export function modelText({ providerId, model }: CompletionModel): string {
  return `${providerId}/${model}`;
}
