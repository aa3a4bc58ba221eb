/** Keeps what is written to standard output and error from the terminal, to be looked at. */
export function captureOutput(): { lines(): readonly string[]; restore(): void } {
  const texts: string[] = [];
  const streams = [process.stdout, process.stderr] as const;
  const originals = streams.map((stream) => stream.write);
  for (const stream of streams) {
    stream.write = (chunk: string | Uint8Array, ...rest: unknown[]) => {
      texts.push(typeof chunk === "string" ? chunk : Buffer.from(chunk).toString());
      const callback = rest.find((argument) => typeof argument === "function");
      if (callback !== undefined) (callback as () => void)();
      return true;
    };
  }
  return {
    lines: () => texts.join("").split("\n").filter(Boolean),
    restore: () => {
      streams.forEach((stream, index) => {
        stream.write = originals[index] as typeof stream.write;
      });
    },
  };
}
