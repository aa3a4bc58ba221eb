import { styleText } from "node:util";
import { wrapAnsi } from "fast-wrap-ansi";

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

/** Lines that are drawn again in the same place. Where they are too many for the window, the first and the `last` stay. */
export function createView(): { draw(lines: readonly Line[], last: readonly Line[]): void; close(): void } {
  let height = 0;
  const erase = () => (height > 0 ? `\u001b[${height}A\u001b[J` : "");
  return {
    draw(lines, last) {
      const below = last.flatMap(fold);
      const room = (stderr.rows || 24) - 1 - below.length;
      const shown = [...lines.flatMap(fold).slice(0, Math.max(room, 0)), ...below];
      stderr.write(`${erase()}${shown.map(paint).join("\n")}\n`);
      height = shown.length;
    },
    close() {
      stderr.write(erase());
      height = 0;
    },
  };
}

/** Wraps by columns, because a letter may take two. Further lines stand below the first. */
function fold({ text, style }: Line): readonly Line[] {
  const [indent = ""] = /^ */.exec(text) ?? [];
  const lines = wrapAnsi(text, findColumns() - indent.length, { hard: true }).split("\n");
  return lines.map((line) => ({ text: `${indent}${line.trimStart()}`, style }));
}
