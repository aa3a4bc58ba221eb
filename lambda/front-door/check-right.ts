import { RefusedError } from "../contract/refused-error.ts";
import type { Right } from "../contract/rights.ts";
import { LATEST, type Via } from "../contract/via.ts";

/** Thrown for a request that the alias by which the front door was called does not cover. */
export class RightsError extends RefusedError {
  override readonly name = "RightsError";
}

/**
 * Refuses a request that has none of the needed rights, by the alias in the invoked ARN. A call without an alias may do
 * everything, because IAM grants it by itself: the ARN of an alias does not cover it, nor does it cover an alias.
 * https://docs.aws.amazon.com/lambda/latest/dg/using-aliases.html @throws RightsError
 */
export function checkRight(invokedArn: string, ...needed: readonly Right[]): Via {
  const [name, called = LATEST] = invokedArn.split(":").slice(6);
  const qualifier = ([LATEST, ...needed] as const).find((allowed) => allowed === called);
  if (qualifier !== undefined) return { qualifier };
  throw new RightsError(
    `nothing was done: this request needs the right ${needed.join(" or ")}, and the front door was called by its alias ${called}; call ${name}:${needed[0]}, which needs lambda:InvokeFunction on that alias`,
  );
}

/** The ARN of the alias that has the right, from any ARN of the function. */
export function toAliasArn(functionArn: string, right: Right): string {
  return [...functionArn.split(":").slice(0, 7), right].join(":");
}
