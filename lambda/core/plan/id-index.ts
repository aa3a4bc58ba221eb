/** Finds an id's place among many: an open-addressing index that holds places and asks for their ids; 6 bytes each. */
export interface IdIndex {
  find(id: string): number | undefined;
}

/** Of an id that stands in several places, the last one counts. */
export function indexIds(count: number, idAt: (place: number) => string): IdIndex {
  const slots = new Uint32Array(Math.ceil(count * 1.4) + 1);
  const slotOf = (id: string): number => {
    let slot = hashOf(id) % slots.length;
    for (let taken = slots[slot]; taken && idAt(taken - 1) !== id; taken = slots[slot]) {
      slot = slot + 1 === slots.length ? 0 : slot + 1;
    }
    return slot;
  };
  for (let place = 0; place < count; place += 1) slots[slotOf(idAt(place))] = place + 1;
  return {
    find(id) {
      const place = slots[slotOf(id)];
      return place ? place - 1 : undefined;
    },
  };
}

/** FNV-1a over the characters, then the last steps of MurmurHash3: ids that differ in their last digit lie apart. */
function hashOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < id.length; index += 1) hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
