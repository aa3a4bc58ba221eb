import type { Ports } from "../steps/ports.ts";
import { publish } from "../steps/report/publish.ts";
import type { RollbackResult } from "../steps/rollback/rollback-part.ts";
import type { Rollout } from "../steps/run-part.ts";
import type { Durable } from "./durable.ts";

/** Tells the outside what a revert came to. */
export async function publishRollback(
  ports: Ports,
  durable: Durable,
  rollout: Rollout,
  rollback: RollbackResult,
): Promise<RollbackResult> {
  const { counts, hold } = rollback;
  await durable.step("publish-rollback", () =>
    publish(ports, rollout, { change: "rolled back", rollback: counts, ...hold }),
  );
  return rollback;
}
