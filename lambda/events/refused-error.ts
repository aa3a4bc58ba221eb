import type * as z from "zod";
import { countProblems, findProblems, formatProblems, type Problem } from "./problems.ts";

/**
 * Nothing was done, and the message tells whoever sent it how to mend it. It is thrown, not returned: only an error makes
 * `aws lambda invoke` show a FunctionError, a pipeline fail and an asynchronous sender keep its dead letter. Lambda shows
 * an error's message as one line of JSON and its stack as a list of lines; so the stack is the message, and what a person
 * reads in the console is the sentence with one problem a line, and no frame of ours.
 */
export class RefusedError extends Error {
  override readonly name: string = "RefusedError";
  /** What is wrong and where, as data; empty when the message is one sentence. */
  readonly problems: readonly Problem[];
  constructor(message: string, problems: readonly Problem[] = []) {
    super(message);
    this.problems = problems;
    this.stack = message;
  }
}

/** What a schema says of an input, or a refusal of `what` that lists every problem. @throws RefusedError */
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
