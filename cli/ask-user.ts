import { EXIT, Failure } from "./failure.ts";
import { isInteractive } from "./terminal.ts";

/** @throws Failure when the answer is no */
export async function confirm(message: string): Promise<void> {
  const prompts = await import("@clack/prompts");
  const answer = await prompts.confirm({ message, initialValue: false, output: process.stderr });
  if (answer !== true) throw new Failure("nothing was done", { exitCode: EXIT.refused });
}

/** @throws Failure when the question is not answered */
export async function askText(message: string, { hidden = false } = {}): Promise<string> {
  const prompts = await import("@clack/prompts");
  const options = { message, output: process.stderr };
  const answer = await (hidden ? prompts.password({ ...options, mask: "" }) : prompts.text(options));
  if (prompts.isCancel(answer)) throw new Failure("nothing was done", { exitCode: EXIT.refused });
  return answer ?? "";
}

/** The reason of a command, which the front door wants. Without a terminal no question is asked. */
export async function askReason(given: string | undefined): Promise<string | undefined> {
  return given !== undefined || !isInteractive() ? given : askText("why?");
}
