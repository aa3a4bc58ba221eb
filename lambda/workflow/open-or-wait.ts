import type { DeployEvent } from "../contract/deploy-event.ts";
import type { Report } from "../core/report/report.ts";
import { type Opened, openRollout, toRollout } from "../steps/open-rollout.ts";
import type { Ports } from "../steps/ports.ts";
import { publishEnd } from "../steps/report/publish.ts";
import type { Rollout } from "../steps/run-part.ts";
import type { Durable } from "./durable.ts";

/** Between two looks whether the lock is free. */
const ASK_AGAIN_SECONDS = 30;

export type Start =
  | { readonly kind: "opened"; readonly rollout: Rollout }
  | { readonly kind: "answered"; readonly report: Report };

/** Accepts the event as a rollout, or answers at once. One that may wait asks for the lock until its time is over. */
export async function openOrWait(
  ports: Ports,
  durable: Durable,
  event: DeployEvent,
  execution: string,
): Promise<Start> {
  const ask = () => openRollout(ports, event, execution);
  const first = await durable.step("open", ask);
  const opened =
    first.kind === "busy" ? await durable.ask("wait-for-lock", ASK_AGAIN_SECONDS, () => ask().then(unlessBusy)) : first;
  if (opened.kind === "answered") {
    // Nobody else hears of what the worker refuses.
    if (opened.isOurs) await durable.step("publish-ended", () => publishEnd(ports, opened.report));
    return opened;
  }
  if (opened.settleSeconds > 0) await durable.rest("settle", opened.settleSeconds);
  return { kind: "opened", rollout: toRollout(event, opened) };
}

function unlessBusy(opened: Opened): Exclude<Opened, { readonly kind: "busy" }> | undefined {
  return opened.kind === "busy" ? undefined : opened;
}
