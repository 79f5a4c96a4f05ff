// A webview that asks its extension for one message and shows it above a text box.
const vscode = require('vscode');

const html = `<!DOCTYPE html><html><head><meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'"></head><body><textarea></textarea><script>
const host = acquireVsCodeApi();
host.setState({});
addEventListener('message', ({ data }) => {
  const article = document.createElement('article');
  article.textContent = data;
  document.body.prepend(article);
});
host.postMessage('ready');
</script></body></html>`;

/** @param {import('vscode').WebviewPanel} panel */
function show(panel) {
  panel.webview.options = { enableScripts: true };
  panel.webview.onDidReceiveMessage(() => panel.webview.postMessage('A message.'));
  panel.webview.html = html;
}

exports.activate = (/** @type {import('vscode').ExtensionContext} */ context) => {
  context.subscriptions.push(
    vscode.commands.registerCommand('bare.start', () => undefined),
    vscode.commands.registerCommand('bare.open', () =>
      show(vscode.window.createWebviewPanel('bare.page', 'Bare', vscode.ViewColumn.Active, { enableScripts: true })),
    ),
    vscode.window.registerWebviewPanelSerializer('bare.page', { deserializeWebviewPanel: async (panel) => show(panel) }),
  );
};
