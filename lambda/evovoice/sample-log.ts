/** Fixed messages, with ids and numbers as fields; never a secret. */
export interface ClientLog {
  info(message: string, fields: Readonly<Record<string, unknown>>): void;
}

/** Of each message, so many first lines are written. */
const ALL_OF_THE_FIRST = 10;

/**
 * A log that stays short: of each message the first ten lines, then the 16th, 32nd, 64th and so on, each with its count. A
 * million failures are twenty-six lines.
 */
export function sampleLog(log: ClientLog): ClientLog {
  const countsByMessage = new Map<string, number>();
  return {
    info(message, fields) {
      const count = (countsByMessage.get(message) ?? 0) + 1;
      countsByMessage.set(message, count);
      if (count <= ALL_OF_THE_FIRST) log.info(message, fields);
      else if (Number.isInteger(Math.log2(count))) log.info(message, { ...fields, count });
    },
  };
}

export const SILENT_LOG: ClientLog = { info: () => undefined };
