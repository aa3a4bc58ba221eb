import { EXIT, Failure } from "./failure.ts";
import { isInteractive } from "./terminal.ts";

/** @throws Failure when the answer is no */
export async function confirm(message: string): Promise<void> {
  const prompts = await import("@clack/prompts");
  const answer = await prompts.confirm({ message, initialValue: false, output: process.stderr });
  if (answer !== true) throw new Failure("nothing was done", { exitCode: EXIT.refused });
}

/** The reason of a command, which the front door wants. Without a terminal no question is asked. */
export async function askReason(given: string | undefined): Promise<string | undefined> {
  if (given !== undefined || !isInteractive()) return given;
  const prompts = await import("@clack/prompts");
  const answer = await prompts.text({ message: "why?", output: process.stderr });
  if (prompts.isCancel(answer)) throw new Failure("nothing was done", { exitCode: EXIT.refused });
  return answer;
}
