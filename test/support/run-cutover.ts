import { run } from "../../cli/run.ts";
import { captureOutput } from "./capture-output.ts";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** What the program reads of its environment: it was started by npx, and not on a terminal. */
const ENVIRONMENT = { npm_command: "exec", TERM: "dumb" };

/** The command line against a sandbox, in this process. */
export async function runCutover(words: readonly string[], port: number | string): Promise<Ran> {
  const before = { ...process.env };
  Object.assign(process.env, ENVIRONMENT);
  const output = captureOutput();
  try {
    const code = await run(["node", "cutover", ...words, "--sandbox", "--port", String(port)]);
    return { code, out: output.out(), err: output.err() };
  } finally {
    output.restore();
    for (const name of Object.keys(ENVIRONMENT)) delete process.env[name];
    Object.assign(process.env, before);
  }
}
