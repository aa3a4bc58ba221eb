import type { WriteStream } from "node:tty";
import { advance, describeStep, type LiveProgress, renderProgress, startProgress } from "./progress.ts";
import { findColumns } from "./terminal.ts";
import type { LogLine } from "./worker-process.ts";

/** Shows the progress of a rollout: on a terminal one line that is redrawn, otherwise plain lines. */
export interface ProgressView {
  add(line: LogLine): void;
  /** Writes other text on its own line. */
  interrupt(write: () => void): void;
  /** Erases the line on a terminal. */
  close(): void;
}

const REDRAW_MS = 100;
const PLAIN_LINE_MS = 5_000;
const PLAIN_COLUMNS = 60;
const ERASE_LINE = "\r\u001b[2K";
const [HIDE_CURSOR, SHOW_CURSOR] = ["\u001b[?25l", "\u001b[?25h"];

export function showProgress(stream: WriteStream, isLive: boolean): ProgressView {
  return isLive ? showLive(stream) : showPlain(stream);
}

function showLive(stream: WriteStream): ProgressView {
  let progress = startProgress(performance.now());
  const draw = (): void => {
    // The last column stays empty: some terminals break the line there.
    stream.write(
      `${ERASE_LINE}${renderProgress(progress, performance.now(), findColumns(stream, process.env, stream.columns) - 1)}`,
    );
  };
  let isOpen = true;
  stream.write(HIDE_CURSOR);
  draw();
  const timer = setInterval(draw, REDRAW_MS);
  return {
    add(line) {
      progress = advance(progress, line, performance.now());
      if (isOpen) draw();
    },
    interrupt(write) {
      stream.write(ERASE_LINE);
      write();
    },
    close() {
      if (!isOpen) return;
      isOpen = false;
      clearInterval(timer);
      stream.write(`${ERASE_LINE}${SHOW_CURSOR}`);
    },
  };
}

function showPlain(stream: WriteStream): ProgressView {
  let progress: LiveProgress = startProgress(performance.now());
  let writtenMs = performance.now();
  let isOpen = false;
  return {
    add(line) {
      const nowMs = performance.now();
      progress = advance(progress, line, nowMs);
      const isDue = progress.phase === "flipping" && nowMs - writtenMs >= PLAIN_LINE_MS;
      const text = describeStep(line) ?? (isDue ? renderProgress(progress, nowMs, PLAIN_COLUMNS) : undefined);
      // The report that follows is its own paragraph.
      if (line.message === "rollout ended" && isOpen) stream.write("\n");
      if (text === undefined) return;
      isOpen = true;
      writtenMs = nowMs;
      stream.write(`${text}\n`);
    },
    interrupt: (write) => write(),
    close() {},
  };
}
