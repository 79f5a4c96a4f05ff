import type { TemplateName } from '../../common/messages/chat';
import { templateList } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { internalTag } from '../../server/pickTemplate';

/** Lists the templates for chats and tasks. @param current The template of the chat, which is listed even if it is internal. */
export async function templateNames(sidecar: Sidecar, current: string | undefined): Promise<TemplateName[]> {
  const { templates } = await sidecar.request(templateList, {});
  return templates
    .filter(({ isActive, collection, tags, id }) => {
      const isOffered = !tags.includes(internalTag) || id === current;
      return isActive && isOffered && (collection === 'chats' || collection === 'tasks');
    })
    .map(({ id, name, description, collection, isIsolated }) => ({
      id,
      name,
      ...(description === undefined ? {} : { description }),
      isAgent: collection === 'tasks',
      ...(isIsolated ? { isIsolated } : {}),
    }));
}
