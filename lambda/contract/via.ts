import * as z from "zod";
import { strictObject } from "./problems.ts";
import { RIGHTS } from "./rights.ts";

/** Lambda's name for the function without an alias. */
export const LATEST = "$LATEST";

/** How a request came in, as Cutover saw it. No sender can choose it, and `requestedBy` is only what the sender says. */
export const Via = strictObject({
  /** The alias by which the front door was called. */
  qualifier: z.enum([...RIGHTS, LATEST]).optional(),
  /** What the signature of a webhook proves: its source, and the sender that the payload names. */
  identity: z.string().max(300).optional(),
});
export type Via = z.output<typeof Via>;

export function describeVia({ qualifier, identity }: Via): string {
  if (identity !== undefined) return "a webhook, with the right signature";
  return qualifier === LATEST ? "the front door, without an alias" : `the alias ${qualifier} of the front door`;
}
