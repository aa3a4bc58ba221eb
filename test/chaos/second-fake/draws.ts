import { createHash } from "node:crypto";

/** Random values that depend on the seed and on a key only, so that the order of concurrent requests changes none of them. */
export interface Draws {
  /** From 0 up to, but not including, 1. */
  part(key: string): number;
  chance(share: number, key: string): boolean;
  between(from: number, to: number, key: string): number;
  pick<Item>(items: readonly Item[], key: string): Item;
}

export function createDraws(seed: number | string): Draws {
  const part = (key: string) => createHash("sha1").update(`${seed} ${key}`).digest().readUInt32BE() / 2 ** 32;
  return {
    part,
    chance: (share, key) => part(key) < share,
    between: (from, to, key) => from + part(key) * (to - from),
    pick: (items, key) => {
      const item = items[Math.floor(part(key) * items.length)];
      if (item === undefined) throw new RangeError(`no item to draw for ${key}`);
      return item;
    },
  };
}
