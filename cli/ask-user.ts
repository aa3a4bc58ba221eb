import { EXIT, Failure } from "./failure.ts";
import { isInteractive } from "./terminal.ts";

interface Asking<Seen> {
  /** @default true */
  readonly asks?: boolean;
  /** What to do where no question can be asked. */
  readonly instead: string;
  /** Shows what the question is about; undefined when there is nothing to ask. */
  show(): Promise<{ readonly seen: Seen; readonly question: string } | undefined>;
}

/** What a person has seen and said yes to. @throws Failure without a terminal, or when the answer is no */
export async function showAndAsk<Seen>({ asks = true, instead, show }: Asking<Seen>): Promise<Seen | undefined> {
  if (asks && !isInteractive())
    throw new Failure(`nothing was sent: without a terminal no question can be asked. ${instead}`, {
      exitCode: EXIT.refused,
    });
  const shown = await show();
  if (asks && shown !== undefined) await confirm(shown.question);
  return shown?.seen;
}

async function confirm(message: string): Promise<void> {
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
