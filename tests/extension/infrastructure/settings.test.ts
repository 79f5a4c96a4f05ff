import { expect, test } from 'vitest';
import { configuration, workspaceConfiguration } from '../testing/vscode';
import { proxyVariables } from '../../../extension/src/infrastructure/settings';

test('The proxy of VS Code becomes variables of the sidecar', () => {
  configuration.set('http.proxy', ' http://proxy.example.com:8080 ');
  configuration.set('http.noProxy', ['git.example.com', '*.internal']);
  expect(proxyVariables()).toEqual({
    HTTP_PROXY: 'http://proxy.example.com:8080',
    HTTPS_PROXY: 'http://proxy.example.com:8080',
    NO_PROXY: 'git.example.com,*.internal',
    http_proxy: 'http://proxy.example.com:8080',
    https_proxy: 'http://proxy.example.com:8080',
    no_proxy: 'git.example.com,*.internal',
  });
});

test('Without a proxy of VS Code the variables stay as they are, whatever a folder says', () => {
  configuration.set('http.proxy', '');
  workspaceConfiguration.set('http.proxy', 'http://folder.example.com');
  expect(proxyVariables()).toEqual({});
});
