// Tokens, money and time as a person reads them.

export function count(tokens: number): string {
  if (tokens < 1000) return String(tokens);
  if (tokens < 999_950) return `${trimmed(tokens / 1000)}k`;
  return `${trimmed(tokens / 1_000_000)}M`;
}

/** USD: two significant digits below a cent, so that a small sum is not nothing. */
export function money(amount: number): string {
  if (amount === 0) return '$0';
  if (amount < 0.0001) return '<$0.0001';
  if (amount < 0.01) return `$${Number(amount.toPrecision(2)).toFixed(amount < 0.001 ? 4 : 3)}`;
  return amount < 1 ? `$${amount.toFixed(3)}` : `$${amount.toFixed(2)}`;
}

export function seconds(milliseconds: number): string {
  const value = Math.max(0, milliseconds) / 1000;
  if (value < 10) return `${value < 0.1 ? '0.1' : trimmed(value)} s`;
  if (value >= 3600) return `${Math.floor(value / 3600)} h ${Math.floor((value % 3600) / 60)} min`;
  return value < 60 ? `${Math.round(value)} s` : `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
}

function trimmed(value: number): string {
  return value.toFixed(1).replace(/\.0$/, '');
}
