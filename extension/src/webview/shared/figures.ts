// Tokens, money, sizes and time as a person reads them, in the language of VS Code. The host writes its own with these, too.
import * as l10n from '@vscode/l10n';
import { language } from './language';

/** Making one is dear where ten thousand rows are written. */
const sums = new Map<string, Intl.NumberFormat>();
const moments = new Map<string, Intl.DateTimeFormat>();

export function count(tokens: number): string {
  if (tokens < 1000) return String(tokens);
  if (tokens < 999_950) return `${trimmed(tokens / 1000)}k`;
  return `${trimmed(tokens / 1_000_000)}M`;
}

/** USD: two significant digits below a cent, so that a small sum is not nothing. */
export function money(amount: number): string {
  if (amount === 0) return dollars(0, 0);
  if (amount < 0.0001) return `<${dollars(0.0001, 4)}`;
  if (amount < 0.01) return dollars(Number(amount.toPrecision(2)), amount < 0.001 ? 4 : 3);
  return dollars(amount, amount < 1 ? 3 : 2);
}

/** In place of a price or a cost that is not known. */
export const notKnown = l10n.t('n/a');
/** The same where nothing beside it says that it is a cost. */
export const costNotKnown = l10n.t('cost n/a');

/** "$0.21", and "$0.21+" where a part had no price. */
export function atLeast(amount: string, isAtLeast: boolean | undefined): string {
  return isAtLeast === true ? `${amount}+` : amount;
}

/** USD with so many digits behind the point. */
export function dollars(amount: number, digits: number, mostDigits = digits): string {
  const make = (): Intl.NumberFormat =>
    new Intl.NumberFormat(language, {
      style: 'currency',
      currency: 'USD',
      currencyDisplay: 'narrowSymbol',
      minimumFractionDigits: digits,
      maximumFractionDigits: mostDigits,
      useGrouping: false,
    });
  return made(sums, `${language} ${digits} ${mostDigits}`, make).format(amount);
}

/** USD as in a list of prices: with every digit that it has. */
export function listed(amount: number, digits = 0): string {
  return dollars(amount, digits, 10);
}

export function seconds(milliseconds: number): string {
  const value = Math.max(0, milliseconds) / 1000;
  if (value < 10) return l10n.t('{0} s', trimmed(Math.max(0.1, value)));
  const whole = Math.round(value);
  if (whole < 60) return l10n.t('{0} s', whole);
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? l10n.t('{0} min {1} s', minutes, whole % 60) : l10n.t('{0} h {1} min', Math.floor(minutes / 60), minutes % 60);
}

/** "3.2 KB", "352 KB" */
export function bytes(size: number): string {
  if (size < 1024) return `${size} B`;
  const [value, unit] = size < 1024 ** 2 ? [size / 1024, 'KB'] : [size / 1024 ** 2, 'MB'];
  return `${value < 10 ? trimmed(value) : Math.round(value)} ${unit}`;
}

/** A day and a time; nothing for what is none. */
export function moment(time: string, timeStyle: 'short' | 'medium' = 'medium'): string {
  const at = Date.parse(time);
  const make = (): Intl.DateTimeFormat => new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle });
  return Number.isNaN(at) ? '' : made(moments, `${language} ${timeStyle}`, make).format(at);
}

/** Every digit, in groups. */
export function grouped(value: number): string {
  return value.toLocaleString(language);
}

/** One digit behind the point, and none where that is a 0. */
export function trimmed(value: number): string {
  return value.toLocaleString(language, { maximumFractionDigits: 1, useGrouping: false });
}

export function decimal(value: number, digits: number): string {
  return value.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false });
}

function made<T>(formats: Map<string, T>, key: string, make: () => T): T {
  const format = formats.get(key) ?? make();
  formats.set(key, format);
  return format;
}
