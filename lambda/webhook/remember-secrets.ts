/** Short, so that a changed secret is used without a deploy and a leaked secret is not trusted for long. */
const LIFE_MS = 5 * 60_000;
/** The shortest time between two reads that wrong signatures cause: any stranger can send a wrong signature. */
const AGAIN_MS = 30_000;
/** A failed read is not repeated for each delivery. */
const FAILED_LIFE_MS = 5_000;

interface Reading {
  readonly secrets: Promise<readonly string[]>;
  readonly expiresAtMs: number;
  readonly againAtMs: number;
}

/** Caches the secrets of each source for a short time. Callers at the same time share one read. */
export function rememberSecrets(read: (source: string) => Promise<readonly string[]>, nowMs: () => number) {
  const readings = new Map<string, Reading>();

  function begin(source: string): Promise<readonly string[]> {
    const now = nowMs();
    const before = readings.get(source);
    const secrets = read(source);
    const reading = { secrets, expiresAtMs: now + LIFE_MS, againAtMs: now + AGAIN_MS };
    readings.set(source, reading);
    secrets.catch(() => {
      if (readings.get(source) !== reading) return;
      const isKnown = before !== undefined && now < before.expiresAtMs;
      const { againAtMs } = reading;
      readings.set(source, isKnown ? { ...before, againAtMs } : { ...reading, expiresAtMs: nowMs() + FAILED_LIFE_MS });
    });
    return secrets;
  }

  return {
    readSecrets(source: string): Promise<readonly string[]> {
      const known = readings.get(source);
      return known !== undefined && nowMs() < known.expiresAtMs ? known.secrets : begin(source);
    },
    /** @returns an empty list when the last read was a moment ago */
    async readSecretsAgain(source: string): Promise<readonly string[]> {
      const known = readings.get(source);
      return known !== undefined && nowMs() < known.againAtMs ? [] : begin(source);
    },
  };
}
