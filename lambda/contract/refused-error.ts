import type * as z from "zod";
import { type Advice, type AdviceWriter, writeAsJson } from "./advice.ts";
import { countProblems, findProblems, formatProblems, type Problem } from "./problems.ts";

/** Why nothing was done, as data. */
export interface Refusal {
  /** One sentence. */
  readonly message: string;
  readonly problems?: readonly Problem[] | undefined;
  readonly next?: readonly Advice[] | undefined;
}

/**
 * Nothing was done, and the message says how to correct the input. It is thrown, not returned: only an error makes
 * `aws lambda invoke` show a FunctionError, fails a pipeline and sends an asynchronous event to the dead letters. The stack
 * is the message, because Lambda's console shows the message on one line and the stack as a list of lines.
 */
export class RefusedError extends Error {
  override readonly name: string = "RefusedError";
  readonly refusal: Refusal;
  constructor(message: string, more: Omit<Refusal, "message"> = {}) {
    const refusal = { message, ...more };
    super(describeRefusal(refusal, writeAsJson));
    this.refusal = refusal;
    this.stack = this.message;
  }
}

/** A refusal in the words of its reader. */
export function describeRefusal({ message, problems = [], next = [] }: Refusal, write: AdviceWriter): string {
  const lines = next.map((advice) => [advice.say, write(advice)].filter(Boolean).join(" "));
  if (problems.length === 0) return [message, ...lines].join("\n");
  return [`${message}; ${countProblems(problems)}:`, formatProblems(problems), ...lines].join("\n");
}

/** Parses an input; `what` names it in the refusal. @throws RefusedError with every problem */
export function parseOrRefuse<Schema extends z.ZodType>(schema: Schema, input: unknown, what: string) {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw refuseFor(what, findProblems(parsed.error, input));
}

export function refuseFor(what: string, problems: readonly Problem[]): RefusedError {
  return new RefusedError(`${what} was refused, nothing was done`, { problems });
}
