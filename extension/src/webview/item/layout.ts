// Fields, their order, and buttons of the form, for items, tasks, and chats.
import * as l10n from '@vscode/l10n';
import type { FieldView, TemplateView } from '../../protocol/protocol.generated';

export interface Layout {
  fields: FieldView[];
  /** Fields under "More". */
  folded: string[];
  /** Fields that are set elsewhere, or by Plue itself. */
  hidden: string[];
  /** True if one control selects both `provider_ref` and `model`. */
  choosesModel: boolean;
  /** The field that provides the name. */
  title: string | undefined;
  /** Label of the save button. */
  verb: string;
  /** Label while saving. */
  verbing: string;
}

/** Items can have tags even if the template has no such field. */
const tags: FieldView = {
  name: 'tags',
  type: 'array',
  required: false,
  options: [],
  properties: [],
  description: l10n.t('Shown in lists and search results.'),
  items: { name: 'tag', type: 'text', required: false, options: [], properties: [] },
};

/** Title of a new item whose template has no title field. */
const fileTitle: FieldView = {
  name: 'title',
  type: 'text',
  required: true,
  options: [],
  properties: [],
  description: l10n.t('Also used for the file name.'),
};

/** Fields with their own control in the chat. */
const inPanel = [
  'title',
  'provider_ref',
  'model',
  'messages',
  'context_files',
  'temperature',
  'max_tokens',
  'stop_sequences',
  'reasoning_level',
  'permission_mode',
];
/** Fields that Plue writes. */
const ofPlue = ['status', 'spawned_by', 'messages'];
/** Fields of all tasks. Other fields were added by the user and are always shown. */
const firstOfTask = ['goal', 'title', 'provider_ref'];
const rareInTask = [
  'candidates',
  'system_prompt_ref',
  'system_prompt_override',
  'tags',
  'available_tools',
  'permissions',
  'outputs',
  'checks',
  'max_spawned_tasks',
  'isolation',
];
const lastOfChat = ['system_prompt_ref', 'system_prompt_override', 'available_tools'];

/** @param isNew True if the item does not exist yet. */
export function layoutOf(template: TemplateView, isNew: boolean): Layout {
  switch (template.collection) {
    case 'tasks':
      return isNew ? newTask(template) : settings(template, ['goal'], [...ofPlue, ...inPanel]);
    case 'chats':
      return settings(template, [], [...ofPlue, ...inPanel], isNew);
    default:
      return item(template, isNew);
  }
}

function item(template: TemplateView, isNew: boolean): Layout {
  const title = titleFieldOf(template);
  // A new item gets its name from the title.
  const fields = template.fields.map((field) => (isNew && field.name === title ? { ...field, required: true } : field));
  return {
    fields: [
      ...(isNew && title === undefined ? [fileTitle] : []),
      ...fields,
      ...(fields.some(({ name }) => name === tags.name) ? [] : [tags]),
    ],
    folded: [],
    hidden: [],
    choosesModel: false,
    title: title ?? fileTitle.name,
    ...(isNew ? { verb: l10n.t('Create'), verbing: l10n.t('Creating…') } : saving),
  };
}

function newTask({ fields }: TemplateView): Layout {
  const isOwn = ({ name }: FieldView): boolean => ![...firstOfTask, 'model', 'budget', ...rareInTask, ...ofPlue].includes(name);
  return {
    fields: [
      ...named(fields, firstOfTask),
      ...fields.filter(isOwn),
      ...named(fields, ['budget', ...rareInTask]),
      ...named(fields, ['model', ...ofPlue]),
    ],
    folded: rareInTask,
    hidden: ['model', ...ofPlue],
    choosesModel: true,
    title: 'title',
    verb: l10n.t('Start'),
    verbing: l10n.t('Starting…'),
  };
}

function settings({ fields }: TemplateView, first: string[], hidden: string[], isNew = false): Layout {
  const listed = [...first, ...lastOfChat, ...rareInTask];
  return {
    fields: [
      ...named(fields, first),
      ...fields.filter(({ name }) => !listed.includes(name)),
      ...named(fields, [...new Set([...lastOfChat, ...rareInTask])]),
    ],
    folded: [],
    hidden,
    choosesModel: false,
    title: undefined,
    ...(isNew ? { verb: l10n.t('Start'), verbing: l10n.t('Starting…') } : saving),
  };
}

const saving = { verb: l10n.t('Save'), verbing: l10n.t('Saving…') };

function named(fields: readonly FieldView[], names: readonly string[]): FieldView[] {
  return names.flatMap((name) => fields.filter((field) => field.name === name));
}

/** The sidecar has the same rule. */
function titleFieldOf({ fields }: TemplateView): string | undefined {
  return ['name', 'title'].find((name) => fields.some((field) => field.name === name));
}
