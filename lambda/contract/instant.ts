/** An ISO 8601 time with an offset, in epoch milliseconds. */
export function toMs(iso: string): number {
  return Date.parse(iso);
}

/** Epoch milliseconds as ISO 8601, in UTC. */
export function toIso(ms: number): string {
  return new Date(ms).toISOString();
}
