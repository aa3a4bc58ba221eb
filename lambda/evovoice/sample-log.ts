/** Gets fixed messages with ids and numbers as fields; never a secret. */
export interface ClientLog {
  info(message: string, fields: Readonly<Record<string, unknown>>): void;
}

const FIRST_LINES = 10;

/**
 * A log that stays short: it writes the first ten lines of each message, then the 16th, the 32nd, the 64th and so on,
 * with the count. A million failures are 26 lines.
 */
export function sampleLog(log: ClientLog): ClientLog {
  const countsByMessage = new Map<string, number>();
  return {
    info(message, fields) {
      const count = (countsByMessage.get(message) ?? 0) + 1;
      countsByMessage.set(message, count);
      if (count <= FIRST_LINES) log.info(message, fields);
      else if (Number.isInteger(Math.log2(count))) log.info(message, { ...fields, count });
    },
  };
}

export const SILENT_LOG: ClientLog = { info: () => undefined };
