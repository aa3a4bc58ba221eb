import { styleText } from "node:util";
import { shorten } from "../lambda/core/report/text-layout.ts";

const { stdin, stderr, stdout } = process;

export type Line = { readonly text: string; readonly style?: "red" | "yellow" | "green" | "bold" | "dim" | undefined };

/** Results go to standard output, everything else to standard error, so that a pipe gets only results. */
export function print(text: string): void {
  printData(disarm(text));
}

/** For a program: to the byte, also in a job's log. */
export function printData(text: string): void {
  stdout.write(text.endsWith("\n") ? text : `${text}\n`);
}

export function printJson(value: unknown): void {
  printData(JSON.stringify(value, undefined, 2));
}

export function say(line: Line): void {
  stderr.write(`${disarm(paint(line))}\n`);
}

/** GitHub's runner obeys a line that begins with `::`, and `##[` anywhere. What came from outside may hold either. */
function disarm(text: string): string {
  return process.env.GITHUB_ACTIONS ? text.replace(/^(\s*):(?=:)/gm, "$1: ").replaceAll("##[", "## [") : text;
}

/** Whether questions can be asked and a view can be redrawn. */
export function isInteractive(): boolean {
  return stdin.isTTY === true && isLive();
}

export function isLive(): boolean {
  return stderr.isTTY === true && process.env.TERM !== "dumb";
}

/** The last column stays empty: some terminals break the line there. */
export function findColumns(): number {
  return (stderr.columns || 60) - 1;
}

/** https://no-color.org */
export function paint({ text, style }: Line): string {
  const isColourful = isLive() && !process.env.NO_COLOR;
  // What came from outside cannot steer a terminal.
  const harmless = text.replace(/(?!\n)[\p{Cc}\p{Cf}]/gu, "");
  return isColourful && style !== undefined ? styleText(style, harmless, { validateStream: false }) : harmless;
}

/** Lines that are drawn again in the same place. */
export function createView(): { draw(lines: readonly Line[]): void; close(): void } {
  let height = 0;
  const erase = () => (height > 0 ? `\u001b[${height}A\u001b[J` : "");
  return {
    draw(lines) {
      const shown = lines.slice(0, (stderr.rows || 24) - 1);
      const columns = findColumns();
      const text = shown.map(({ text, style }) => paint({ text: shorten(text, columns), style })).join("\n");
      stderr.write(`${erase()}${text}\n`);
      height = shown.length;
    },
    close() {
      stderr.write(erase());
      height = 0;
    },
  };
}
