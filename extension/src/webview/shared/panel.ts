import type { FromPage } from './viewMessages';

/** The way from the page to its panel, and the little that VS Code keeps for it over a reload. */
export interface Panel<From = FromPage> {
  post(message: From): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): { postMessage(message: unknown): void; getState(): unknown; setState(state: unknown): void };

/** May be called once in a page's life. */
export function acquirePanel<From = FromPage>(): Panel<From> {
  const api = acquireVsCodeApi();
  return {
    post: (message) => api.postMessage(message),
    getState: () => api.getState(),
    setState: (state) => api.setState(state),
  };
}
