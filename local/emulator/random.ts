/** A well-mixed 32-bit number from a seed and a value. All invented data comes from it, so a run can be repeated. */
export function mix(seed: number, value: number): number {
  let hash = (seed ^ Math.imul(value + 0x6d2b79f5, 0x9e3779b1)) | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
  hash = Math.imul(hash ^ (hash >>> 15), 0x735a2d97);
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** The same for a text (FNV-1a, then `mix`). */
export function mixText(seed: number, text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return mix(seed, hash >>> 0);
}

/** A number in [0, 1) from a hash. */
export function toUnit(hash: number): number {
  return hash / 0x1_0000_0000;
}

export function pick<T>(choices: readonly T[], hash: number): T {
  return choices[hash % choices.length] as T;
}

/** Hex digits that depend only on the seed and a label: ids of accounts, users and tags. */
export function toHex(seed: number, label: string, digits: number): string {
  let text = "";
  for (let part = 0; text.length < digits; part++) {
    text += mix(mixText(seed, label), part).toString(16).padStart(8, "0");
  }
  return text.slice(0, digits);
}
