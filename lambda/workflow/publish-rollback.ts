import type { Durable } from "./durable.ts";
import { announce } from "../steps/report/publish.ts";
import type { Rollout } from "../steps/run-part.ts";
import type { Ports } from "../steps/ports.ts";
import type { Reverted } from "../steps/rollback/rollback-part.ts";

/** Tells the outside what a revert came to. */
export async function tellReverted(
  ports: Ports,
  durable: Durable,
  rollout: Rollout,
  reverted: Reverted,
): Promise<Reverted> {
  const { counts, hold } = reverted;
  await durable.step("tell-reverted", () =>
    announce(ports, rollout, { change: "rolled back", reverted: counts, ...hold }),
  );
  return reverted;
}
