import * as z from "zod";
import { isExecutionOf } from "./execution-name.ts";
import { findClosest } from "./find-closest.ts";
import { strictObject } from "./problems.ts";
import { parseOrRefuse } from "./refused-error.ts";

const COMMANDS = ["status"] as const;
/** Known to the design, not to this version. */
const LATER_COMMANDS = ["pause", "resume", "skip", "full", "abort", "approve", "reject"];
const ROLLOUT_ID = "expected the rollout's id, as the answer to its deploy event gave it";
const EXECUTION = "expected the `execution` of the answer to its deploy event";

/** What asks about, or steers, a rollout. */
export const Command = strictObject({
  command: z.enum(COMMANDS, { error: ({ input }) => expectCommand(input) }),
  rolloutId: z.string({ error: ROLLOUT_ID }).regex(/^[\w-]{1,64}$/, ROLLOUT_ID),
  /** Finds what became of an event that the worker refused, of which the ledger knows nothing. */
  execution: z
    .string({ error: EXECUTION })
    .regex(/^arn:[\w:.$-]{1,200}\/durable-execution\/[\w-]{1,64}\/[\w-]{1,64}$/, EXECUTION)
    .optional(),
}).refine(({ rolloutId, execution }) => execution === undefined || isExecutionOf(rolloutId, execution), {
  path: ["execution"],
  error: "expected an execution of the same rollout",
});
export type Command = z.output<typeof Command>;

/** @throws RefusedError */
export function readCommand(input: unknown): Command {
  return parseOrRefuse(Command, input, "the command");
}

function expectCommand(input: unknown): string {
  const expected = 'expected "status"';
  if (typeof input !== "string") return expected;
  if (LATER_COMMANDS.includes(input)) return `${expected}; this version does not have ${input}`;
  const meant = findClosest(input, COMMANDS);
  return meant === undefined ? expected : `${expected}; did you mean ${meant}?`;
}
