import { run } from "../../cli/run.ts";
import { captureOutput } from "./capture-output.ts";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A command line in this process, as its file in a pipe. One at a time: the outputs of two would mix. */
export async function runCommandLine(words: readonly string[], variables: NodeJS.ProcessEnv): Promise<Ran> {
  const { argv, env } = process;
  process.argv = ["node", "ci/cutover.mjs", ...words];
  process.env = variables;
  const output = captureOutput();
  try {
    const code = await run(process.argv);
    return { code, out: output.out(), err: output.err() };
  } finally {
    output.restore();
    Object.assign(process, { argv, env });
  }
}

/** One against a sandbox, started by npx. */
export function runCutover(words: readonly string[], port: number | string): Promise<Ran> {
  const variables = { ...process.env, npm_command: "exec", TERM: "dumb" };
  return runCommandLine([...words, "--sandbox", "--port", String(port)], variables);
}
