/** So that a changed secret is used without a deploy. Any stranger can cause a read with a wrong signature. */
const LIFE_MS = 30_000;
/** A failed read is not repeated for each delivery. */
const FAILED_LIFE_MS = 5_000;

interface Reading {
  readonly secrets: Promise<readonly string[]>;
  expiresAtMs: number;
}

/** Keeps the secrets of each source for a short time. Callers at the same time share one read. */
export function rememberSecrets(read: (source: string) => Promise<readonly string[]>, nowMs: () => number) {
  const readings = new Map<string, Reading>();
  return (source: string): Promise<readonly string[]> => {
    const known = readings.get(source);
    if (known !== undefined && nowMs() < known.expiresAtMs) return known.secrets;
    const reading: Reading = { secrets: read(source), expiresAtMs: nowMs() + LIFE_MS };
    readings.set(source, reading);
    reading.secrets.catch(() => {
      reading.expiresAtMs = nowMs() + FAILED_LIFE_MS;
    });
    return reading.secrets;
  };
}
