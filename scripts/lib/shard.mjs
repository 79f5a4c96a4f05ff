// A part of the scenarios, such as 1/4.
import { WrongOption } from './progress.mjs';

/** @template T @param {string | undefined} shard Undefined for the whole. @returns {(all: T[]) => T[]} */
export function shardOf(shard) {
  if (shard === undefined) return (all) => all;
  const [, part, count] = /^(\d+)\/(\d+)$/.exec(shard)?.map(Number) ?? [];
  if (!part || !count || part > count) throw new WrongOption(`\`--shard ${shard}\` is no part: use one such as 1/4.`);
  return (all) => all.filter((_, index) => index % count === part - 1);
}
