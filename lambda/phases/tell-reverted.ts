import type { Durable } from "../durable.ts";
import { announce } from "../steps/announce.ts";
import type { Rollout } from "../steps/part.ts";
import type { Ports } from "../steps/ports.ts";
import type { Reverted } from "../steps/revert-part.ts";

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
