import type { Delivered } from "../contract/accept-deploy-event.ts";
import type { Report } from "../core/report/report.ts";
import { type Opened, openRollout, toRollout } from "../steps/open-rollout.ts";
import type { Ports } from "../steps/ports.ts";
import { publishEnd } from "../steps/report/publish.ts";
import type { Rollout } from "../steps/run-part.ts";
import type { Durable, Replied } from "./durable.ts";

export type Start =
  | { readonly kind: "opened"; readonly rollout: Rollout }
  | { readonly kind: "answered"; readonly report: Report };

/** Accepts the event as a rollout, or answers at once. An event that may wait for the lock or for the end of a freeze tries again until its time is over. */
export async function openOrWait(
  { ports, durable }: { readonly ports: Ports; readonly durable: Durable },
  delivered: Delivered,
  execution: string,
): Promise<Start> {
  const open = () => openRollout(ports, delivered, execution);
  const first = await durable.step("open", open);
  const opened = first.kind === "busy" ? await durable.poll("wait-to-begin", () => open().then(toReplied)) : first;
  if (opened.kind === "answered") {
    // The front door saw no refusal: the worker is the first to publish it.
    if (opened.isOurs) await durable.step("publish-ended", () => publishEnd(ports, opened.report));
    return opened;
  }
  if (opened.takeOverSeconds > 0) await durable.wait("settle", opened.takeOverSeconds);
  return { kind: "opened", rollout: toRollout(delivered.event, opened) };
}

function toReplied(opened: Opened): Replied<Exclude<Opened, { readonly kind: "busy" }>> {
  return opened.kind === "busy" ? opened : { answer: opened };
}
