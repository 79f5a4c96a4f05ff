/** A model's response in one round. */
export interface Reply {
  text?: string;
  calls?: { name: string; parameters: object }[];
  tokens?: { input: number; output: number };
}

/** A request for Chat Completions; fields that are not used here are omitted. */
export interface Asked {
  model?: string;
  messages: { role: string; content?: unknown }[];
  tools?: { function: { name: string; parameters: unknown } }[];
}

export class ScriptedEndpoint {
  key: string | undefined;
  text: string;
  models: string[];
  reply: ((asked: Asked) => Reply | Promise<Reply>) | undefined;
  asked: Asked[];
  get url(): string;
  get origin(): string;
  start(): Promise<this>;
  stop(): Promise<void>;
}
