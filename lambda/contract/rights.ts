import type { Command } from "./command.ts";
import { memberOf } from "./member-of.ts";

/** What a caller of the front door may do. Each right is an alias of the function, so that IAM can name it. */
export const RIGHTS = ["read", "start", "steer", "approve", "override"] as const;
export type Right = (typeof RIGHTS)[number];

const READS: readonly unknown[] = ["status", "list", "customers", "customer", "controls"] satisfies Name[];
const ANSWERS: readonly unknown[] = ["approve", "reject"] satisfies Name[];
type Name = Command["command"];

/** The right that a command or a deploy event needs; the event needs no check before. */
export function rightFor(request: object): Right {
  return rightsFor(request)[0];
}

/** Each of them is enough. A dry run moves nothing, so it needs no more than `read`; the alias of its event takes it too. */
export function rightsFor(request: object): readonly [Right, ...Right[]] {
  const command = memberOf(request, "command");
  // Every other command steers, so that a new one needs more than `read`.
  if (READS.includes(command)) return ["read"];
  if (command !== undefined) return [ANSWERS.includes(command) ? "approve" : "steer"];
  const toMove = memberOf(request, "override") === undefined ? "start" : "override";
  return memberOf(request, "dryRun") === true ? ["read", toMove] : [toMove];
}
