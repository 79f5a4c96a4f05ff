/** One handler for each type of a union of messages. */
export type Handlers<Message extends { type: string }> = HandlerTable<{ [Type in Message['type']]: Extract<Message, { type: Type }> }>;

type HandlerTable<Messages> = { readonly [Type in keyof Messages]: (message: Messages[Type]) => Promise<void> | void };

export async function handle<Messages, Type extends keyof Messages>(
  handlers: HandlerTable<Messages>,
  message: Messages[Type] & { type: Type },
): Promise<void> {
  await handlers[message.type](message);
}
