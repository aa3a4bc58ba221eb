/** The first digits of a plan's hash: so many are enough in an event, and a person can compare them. */
export function toShortHash(hash: string): string {
  return hash.slice(0, 12);
}
