const CHUNK_BYTES = 1 << 20;
const MOST_TEXT_BYTES = 2 ** 32;

/** Ids and names as bytes in blocks of a mebibyte: [id length, name length, id, name]. */
export function createTextStore() {
  const blocks: Buffer[] = [];
  let used = CHUNK_BYTES;
  const locate = (place: number) => ({
    block: blocks[Math.floor(place / CHUNK_BYTES)] ?? Buffer.alloc(0),
    start: place % CHUNK_BYTES,
  });
  const idBytes = (place: number) => {
    const { block, start } = locate(place);
    return block.subarray(start + 2, start + 2 + block.readUInt8(start));
  };
  const nameBytes = (place: number) => {
    const { block, start } = locate(place);
    const from = start + 2 + block.readUInt8(start);
    return block.subarray(from, from + block.readUInt8(start + 1));
  };
  return {
    put(id: string, name: string): number {
      const idLength = Buffer.byteLength(id);
      const nameLength = Buffer.byteLength(name);
      if (used + 2 + idLength + nameLength > CHUNK_BYTES) {
        blocks.push(Buffer.allocUnsafeSlow(CHUNK_BYTES));
        used = 0;
      }
      const place = (blocks.length - 1) * CHUNK_BYTES + used;
      if (place >= MOST_TEXT_BYTES) throw new RangeError("the roster holds 4 GiB of ids and names");
      const block = blocks.at(-1) as Buffer;
      block.writeUInt8(idLength, used);
      block.writeUInt8(nameLength, used + 1);
      block.write(id, used + 2);
      block.write(name, used + 2 + idLength);
      used += 2 + idLength + nameLength;
      return place;
    },
    get: (place: number) => ({ id: idBytes(place).toString(), name: nameBytes(place).toString() }),
    getId: (place: number) => idBytes(place).toString(),
    /** How many bytes id and name take inside the quotes of a JSON text. */
    jsonBytesOf: (place: number) => jsonBytes(idBytes(place)) + jsonBytes(nameBytes(place)),
    compareIds: (a: number, b: number) => Buffer.compare(idBytes(a), idBytes(b)),
    compareNames: (a: number, b: number) => Buffer.compare(nameBytes(a), nameBytes(b)),
  };
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const FIRST_PLAIN = 0x20;
/** `\\u001f` instead of one byte. */
const MORE_FOR_CONTROL = 5;

/** Some control characters take less. */
function jsonBytes(text: Uint8Array): number {
  let bytes = text.length;
  for (const byte of text) {
    if (byte === QUOTE || byte === BACKSLASH) bytes += 1;
    else if (byte < FIRST_PLAIN) bytes += MORE_FOR_CONTROL;
  }
  return bytes;
}
