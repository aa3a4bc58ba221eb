import type { WriteStream } from "node:tty";

type Stream = Pick<WriteStream, "isTTY" | "columns">;
type Environment = Readonly<Record<string, string | undefined>>;

/** Whether a stream is a terminal that can redraw a line. */
export function isTerminal({ isTTY }: Partial<Stream>, { TERM }: Environment): boolean {
  return isTTY === true && TERM !== "dumb";
}

/** Whether colours may be used: https://no-color.org */
export function isColourful(stream: Partial<Stream>, environment: Environment): boolean {
  return isTerminal(stream, environment) && !environment.NO_COLOR;
}

/** The narrowest of the terminal, COLUMNS and `most`. */
export function findColumns({ columns }: Partial<Stream>, { COLUMNS = "" }: Environment, most: number): number {
  const asked = /^\d+$/.test(COLUMNS) ? Number(COLUMNS) : 0;
  return Math.min(...[columns ?? 0, asked, most].filter((known) => known > 0));
}
