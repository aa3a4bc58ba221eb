import type { Command } from "./command.ts";
import { memberOf } from "./member-of.ts";

/** What a caller of the front door may do. Each right is an alias of the function, so that IAM can name it. */
export const RIGHTS = ["read", "start", "steer", "approve", "override"] as const;
export type Right = (typeof RIGHTS)[number];

const RIGHTS_BY_COMMAND: Readonly<Record<Command["command"], Right>> = {
  status: "read",
  list: "read",
  customers: "read",
  customer: "read",
  controls: "read",
  pause: "steer",
  resume: "steer",
  "skip-bake": "steer",
  "skip-all-bakes": "steer",
  abort: "steer",
  approve: "approve",
  reject: "approve",
  "stop-everything": "steer",
  "resume-everything": "steer",
  "try-login-again": "steer",
  "hold-release": "steer",
  "clear-release": "steer",
  protect: "steer",
  unprotect: "steer",
  freeze: "steer",
  "lift-freeze": "steer",
};

/** The right that a command or a deploy event needs; the event needs no check before. */
export function rightFor(request: object): Right {
  return rightsFor(request)[0];
}

/** Each of them is enough. A dry run moves nothing, so it needs no more than `read`; the alias of its event takes it too. */
export function rightsFor(request: object): readonly [Right, ...Right[]] {
  const command = memberOf(request, "command");
  if (command !== undefined) return [RIGHTS_BY_COMMAND[command as Command["command"]]];
  const toMove = memberOf(request, "override") === undefined ? "start" : "override";
  return memberOf(request, "dryRun") === true ? ["read", toMove] : [toMove];
}
