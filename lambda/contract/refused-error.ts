import type * as z from "zod";
import { countProblems, findProblems, formatProblems, type Problem } from "./problems.ts";

/**
 * Nothing was done, and the message says how to correct the input. It is thrown, not returned: only an error makes
 * `aws lambda invoke` show a FunctionError, fails a pipeline and sends an asynchronous event to the dead letters. The stack
 * is the message, because Lambda's console shows the message on one line and the stack as a list of lines.
 */
export class RefusedError extends Error {
  override readonly name: string = "RefusedError";
  /** The problems as data; empty when the message is one sentence. */
  readonly problems: readonly Problem[];
  constructor(message: string, problems: readonly Problem[] = []) {
    super(message);
    this.problems = problems;
    this.stack = message;
  }
}

/** Parses an input; `what` names it in the refusal. @throws RefusedError with every problem */
export function parseOrRefuse<Schema extends z.ZodType>(schema: Schema, input: unknown, what: string) {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw refuseFor(what, findProblems(parsed.error, input));
}

export function refuseFor(what: string, problems: readonly Problem[]): RefusedError {
  return new RefusedError(
    `${what} was refused, nothing was done; ${countProblems(problems)}:\n${formatProblems(problems)}`,
    problems,
  );
}
