// The language client library, in a separate bundle that loads while the sidecar starts.
import { LanguageClient, State } from 'vscode-languageclient/node';

export { CloseAction, ConnectionError, ErrorAction, ResponseError, RevealOutputChannelOn } from 'vscode-languageclient/node';

/** Suppresses the library's messages and its log of a failed start, which Plue reports itself. */
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
