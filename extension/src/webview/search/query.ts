// Converts the search box and its filters to a request.
import * as l10n from '@vscode/l10n';
import type { MessageRole, MessageStatus } from '../../protocol/protocol.generated';
import type { SearchQuery } from '../../common/messages/search';

export const periods = ['any', 'today', 'week', 'month', 'year', 'custom'] as const;
export const roles = ['user', 'assistant'] as const satisfies readonly MessageRole[];
export const statuses = ['complete', 'stopped', 'interrupted', 'failed'] as const satisfies readonly MessageStatus[];

export type Period = (typeof periods)[number];

/** Empty texts do not filter. */
export interface SearchForm {
  text: string;
  period: Period;
  /** Inclusive days as 2026-11-21, used only for `custom`. */
  from: string;
  to: string;
  providerId: string;
  model: string;
  role: '' | (typeof roles)[number];
  status: '' | (typeof statuses)[number];
  tags: string[];
  hasCode: boolean;
  includeArchived: boolean;
}

export const emptyForm: SearchForm = {
  text: '',
  period: 'any',
  from: '',
  to: '',
  providerId: '',
  model: '',
  role: '',
  status: '',
  tags: [],
  hasCode: false,
  includeArchived: false,
};

/** Returns undefined if neither text nor filter is set. */
export function queryOf(form: SearchForm, now: Date): SearchQuery | undefined {
  const text = form.text.trim();
  const { from, to } = momentsOf(form, now);
  const narrowed: Omit<SearchQuery, 'text'> = {
    ...(from === undefined ? {} : { from: from.toISOString() }),
    ...(to === undefined ? {} : { to: to.toISOString() }),
    ...(form.providerId === '' ? {} : { providerId: form.providerId }),
    ...(form.model.trim() === '' ? {} : { model: form.model.trim() }),
    ...(form.role === '' ? {} : { role: form.role }),
    ...(form.status === '' ? {} : { status: form.status }),
    ...(form.tags.length === 0 ? {} : { tags: form.tags }),
    ...(form.hasCode ? { hasCode: true } : {}),
  };
  if (text === '' && Object.keys(narrowed).length === 0) return undefined;
  return { text, ...narrowed, ...(form.includeArchived ? { includeArchived: true } : {}) };
}

/** True if a filter is set; including the archive is not a filter. */
export function isFiltered(form: SearchForm): boolean {
  return JSON.stringify({ ...form, text: '', includeArchived: false }) !== JSON.stringify(emptyForm);
}

/** Returns an error message for an invalid range. */
export function problemOf({ period, from, to }: SearchForm): string | undefined {
  return period === 'custom' && from !== '' && to !== '' && from > to ? l10n.t('The first day must be before the last day.') : undefined;
}

const daysBack: Readonly<Record<Period, number | undefined>> = {
  any: undefined,
  today: 0,
  week: 6,
  month: 29,
  year: 364,
  custom: undefined,
};

function momentsOf({ period, from, to }: SearchForm, now: Date): { from?: Date; to?: Date } {
  const back = daysBack[period];
  if (back !== undefined) return { from: new Date(now.getFullYear(), now.getMonth(), now.getDate() - back) };
  if (period !== 'custom') return {};
  const [first, last] = [dayOf(from, 0), dayOf(to, 1)];
  return { ...(first === undefined ? {} : { from: first }), ...(last === undefined ? {} : { to: last }) };
}

/** Returns the start of a day in local time, shifted by a number of days. */
function dayOf(day: string, later: number): Date | undefined {
  const [year, month, date] = day.split('-').map(Number);
  if (year === undefined || month === undefined || date === undefined) return undefined;
  const moment = new Date(year, month - 1, date + later);
  // Partially typed dates may be invalid.
  return moment.getFullYear() >= 1970 && moment.getFullYear() <= 9999 ? moment : undefined;
}
