import { beforeEach, expect, test } from 'vitest';
import { isLanguageEnabled, parseModel, readSettings } from '../../../../extension/src/features/completions/settings';
import { configuration, reset, workspaceConfiguration } from '../../testing/vscode';

beforeEach(reset);

test('Completions are off until they are turned on, and values of the wrong type are ignored', () => {
  expect(readSettings()).toEqual({ isEnabled: false, languages: {}, workspaceLanguages: {}, delay: 300 });
  configuration.set('plue.completions.enabled', 'yes');
  configuration.set('plue.completions.delay', -1);
  configuration.set('plue.completions.model', 'no-model');
  expect(readSettings()).toEqual({ isEnabled: false, languages: {}, workspaceLanguages: {}, delay: 300 });
});

test('A model has its provider before the first slash', () => {
  expect(parseModel('openrouter/mistral/codestral')).toEqual({ providerId: 'openrouter', model: 'mistral/codestral' });
  expect(['', 'ollama', 'ollama/', '/model'].map(parseModel)).toEqual([undefined, undefined, undefined, undefined]);
});

test('A language counts before *', () => {
  configuration.set('plue.completions.languages', { '*': false, typescript: true });
  const settings = readSettings();
  expect([isLanguageEnabled(settings, 'typescript'), isLanguageEnabled(settings, 'go')]).toEqual([true, false]);
});

test('A workspace can turn languages off, and none on', () => {
  configuration.set('plue.completions.languages', { markdown: false });
  workspaceConfiguration.set('plue.completions.languages', { '*': false, markdown: true, go: true });
  const settings = readSettings();
  expect(['typescript', 'markdown', 'go'].map((id) => isLanguageEnabled(settings, id))).toEqual([false, false, true]);
});
