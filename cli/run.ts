import { CommanderError } from "commander";
import { createProgram } from "./create-program.ts";
import { EXIT, Failure } from "./failure.ts";
import { say } from "./terminal.ts";

/** Runs one command line and returns the exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.asWanted;
  const program = createProgram((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv);
    return exitCode;
  } catch (error) {
    // Commander has written its own message, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.asWanted : EXIT.refused;
    if (!(error instanceof Failure)) throw error;
    say({ text: `cutover: ${error.message}`, style: error.exitCode === EXIT.interrupted ? undefined : "red" });
    return error.exitCode;
  }
}
