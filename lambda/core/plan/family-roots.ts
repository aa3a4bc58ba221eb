/** Finds which customers belong to one family: a parent and all of its descendants. A customer is known by its order key. */
export interface FamilyRoots {
  join(key: number, ancestorKey: number): void;
  /** One key for all members of a family, whatever the order in which they were joined; undefined for a customer alone. */
  findRoot(key: number): number | undefined;
}

/**
 * Makes the map from each key to another one of its family. The smallest key is the root and maps to itself, so parents
 * that form a circle, or that differ between two readings, make one family too.
 */
export function createFamilyRoots(): FamilyRoots {
  const links = new Map<number, number>();

  /** Lets each key on the way point to the root, so that the next search is short. */
  function follow(key: number): number {
    let root = key;
    for (let next = links.get(root); next !== undefined && next !== root; next = links.get(root)) root = next;
    for (let here = key; here !== root; ) {
      const next = links.get(here) as number;
      links.set(here, root);
      here = next;
    }
    return root;
  }

  return {
    join(key, ancestorKey) {
      const [one, other] = [follow(key), follow(ancestorKey)];
      const root = Math.min(one, other);
      links.set(root, root);
      links.set(Math.max(one, other), root);
    },
    findRoot: (key) => (links.has(key) ? follow(key) : undefined),
  };
}
