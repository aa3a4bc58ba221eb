/** A changed secret is picked up without a redeploy, and a leaked one is not trusted for long. */
const LIFE_MS = 5 * 60_000;
/** Between two readings for signatures that fit no secret: any stranger can send those. */
const AGAIN_MS = 30_000;
/** A failed reading is not repeated for each delivery either. */
const FAILED_LIFE_MS = 5_000;

interface Reading {
  readonly secrets: Promise<readonly string[]>;
  readonly expiresAtMs: number;
  readonly againAtMs: number;
}

/** Keeps the secrets of each source in memory for a short time; callers at the same time share one reading. */
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
    /** @returns none when the last reading was a moment ago */
    async readSecretsAgain(source: string): Promise<readonly string[]> {
      const known = readings.get(source);
      return known !== undefined && nowMs() < known.againAtMs ? [] : begin(source);
    },
  };
}
