// Formats tokens, money, sizes and times for display.
import * as l10n from '@vscode/l10n';
import { locale } from './locale';

/** Creating a format is slow, and a tree has thousands of rows. */
const currencyFormats = new Map<string, Intl.NumberFormat>();
const timeFormats = new Map<string, Intl.DateTimeFormat>();

export function formatTokens(tokens: number): string {
  if (tokens < 1000) return String(tokens);
  if (tokens < 999_950) return `${formatShort(tokens / 1000)}k`;
  return `${formatShort(tokens / 1_000_000)}M`;
}

/** USD with two significant digits below a cent, so that a small cost is not shown as zero. */
export function formatCost(amount: number): string {
  if (amount === 0) return formatDollars(0, 0);
  if (amount < 0.0001) return `<${formatDollars(0.0001, 4)}`;
  if (amount < 0.01) return formatDollars(Number(amount.toPrecision(2)), amount < 0.001 ? 4 : 3);
  return formatDollars(amount, amount < 1 ? 3 : 2);
}

/** Shown for a price or cost that is not available. */
export const notAvailable = l10n.t('n/a');
/** Like {@link notAvailable}, for use without a label. */
export const costNotAvailable = l10n.t('cost n/a');

/** Returns "$0.21", or "$0.21+" if a part of the amount has no price. */
export function atLeast(amount: string, isAtLeast: boolean | undefined): string {
  return isAtLeast === true ? `${amount}+` : amount;
}

/** USD with a fixed number of decimals. */
export function formatDollars(amount: number, digits: number, maxDigits = digits): string {
  const make = (): Intl.NumberFormat =>
    new Intl.NumberFormat(locale, {
      style: 'currency',
      currency: 'USD',
      currencyDisplay: 'narrowSymbol',
      minimumFractionDigits: digits,
      maximumFractionDigits: maxDigits,
      useGrouping: false,
    });
  return cached(currencyFormats, `${locale} ${digits} ${maxDigits}`, make).format(amount);
}

/** USD with all decimals. */
export function formatPrice(amount: number, digits = 0): string {
  return formatDollars(amount, digits, 10);
}

/** Returns input and output prices, as "$3 / $15 per million"; undefined if the price is not known. */
export function priceText({
  inputPerMillion,
  outputPerMillion,
}: {
  inputPerMillion?: number;
  outputPerMillion?: number;
}): string | undefined {
  if (inputPerMillion === undefined || outputPerMillion === undefined) return undefined;
  return inputPerMillion === 0 && outputPerMillion === 0
    ? l10n.t('Free')
    : l10n.t('{0} / {1} per million', formatPrice(inputPerMillion), formatPrice(outputPerMillion));
}

export function formatDuration(milliseconds: number): string {
  const value = Math.max(0, milliseconds) / 1000;
  if (value < 10) return l10n.t('{0} s', formatShort(Math.max(0.1, value)));
  const whole = Math.round(value);
  if (whole < 60) return l10n.t('{0} s', whole);
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? l10n.t('{0} min {1} s', minutes, whole % 60) : l10n.t('{0} h {1} min', Math.floor(minutes / 60), minutes % 60);
}

/** Returns a size as "3.2 KB" or "352 KB". */
export function formatBytes(size: number): string {
  if (size < 1024) return `${size} B`;
  const [value, unit] = size < 1024 ** 2 ? [size / 1024, 'KB'] : [size / 1024 ** 2, 'MB'];
  return `${value < 10 ? formatShort(value) : Math.round(value)} ${unit}`;
}

/** Formats date and time; empty if `time` is invalid. */
export function formatTime(time: string, timeStyle: 'short' | 'medium' = 'medium'): string {
  const at = Date.parse(time);
  const make = (): Intl.DateTimeFormat => new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle });
  return Number.isNaN(at) ? '' : cached(timeFormats, `${locale} ${timeStyle}`, make).format(at);
}

/** Formats all digits, with group separators. */
export function formatInteger(value: number): string {
  return value.toLocaleString(locale);
}

/** Formats with at most one decimal. */
export function formatShort(value: number): string {
  return value.toLocaleString(locale, { maximumFractionDigits: 1, useGrouping: false });
}

export function formatDecimal(value: number, digits: number): string {
  return value.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false });
}

function cached<T>(formats: Map<string, T>, key: string, make: () => T): T {
  const format = formats.get(key) ?? make();
  formats.set(key, format);
  return format;
}
