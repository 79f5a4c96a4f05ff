// The language client library. It is a bundle of its own, loaded while the sidecar starts: running it takes longer than activating Plue.
import { LanguageClient, State } from 'vscode-languageclient/node';

export { CloseAction, ConnectionError, ErrorAction, ResponseError, RevealOutputChannelOn } from 'vscode-languageclient/node';

/** The library shows messages of its own, and logs a failed start that Plue reports in one sentence. */
export class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    if (this.state === State.Running) super.error(message, data, false);
    else super.debug(message, data, false);
  }

  override warn(message: string, data?: unknown): void {
    super.warn(message, data, false);
  }

  override info(message: string, data?: unknown): void {
    super.info(message, data, false);
  }
}
