/** Keeps what is written to standard output and error from the terminal, to be looked at. */
export function captureOutput() {
  const written: { readonly to: "stdout" | "stderr"; readonly text: string }[] = [];
  const originals = { stdout: process.stdout.write, stderr: process.stderr.write };
  for (const to of ["stdout", "stderr"] as const) {
    process[to].write = (chunk: string | Uint8Array, ...rest: unknown[]) => {
      written.push({ to, text: typeof chunk === "string" ? chunk : Buffer.from(chunk).toString() });
      const callback = rest.find((argument) => typeof argument === "function");
      if (callback !== undefined) (callback as () => void)();
      return true;
    };
  }
  const join = (from: typeof written) => from.map(({ text }) => text).join("");
  return {
    lines: () => join(written).split("\n").filter(Boolean),
    out: () => join(written.filter(({ to }) => to === "stdout")),
    err: () => join(written.filter(({ to }) => to === "stderr")),
    restore() {
      for (const to of ["stdout", "stderr"] as const) process[to].write = originals[to];
    },
  };
}
