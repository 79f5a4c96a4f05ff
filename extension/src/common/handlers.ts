/** One handler for each type of a union of messages. */
export type Handlers<Message extends { type: string }, Result = Promise<void> | void> = HandlerTable<
  { [Type in Message['type']]: Extract<Message, { type: Type }> },
  Result
>;

type HandlerTable<Messages, Result> = { readonly [Type in keyof Messages]: (message: Messages[Type]) => Result };

export function handle<Messages, Result, Type extends keyof Messages>(
  handlers: HandlerTable<Messages, Result>,
  message: Messages[Type] & { type: Type },
): Result {
  return handlers[message.type](message);
}
