import { acceptDeployEvent } from "../contract/accept-deploy-event.ts";
import type { DeployEvent } from "../contract/deploy-event.ts";
import type { DeployEventTemplate } from "../contract/deploy-event-template.ts";
import { describeValue } from "../contract/describe.ts";
import { matchesGlob } from "../contract/glob.ts";
import type { Policy } from "../contract/policy.ts";
import { RefusedError } from "../contract/refused-error.ts";
import type { WebhookSource } from "../contract/webhook-sources.ts";
import { type Delivery, toEventId } from "./delivery.ts";

export interface NamedSource {
  readonly name: string;
  readonly source: WebhookSource;
}

type Mapping = WebhookSource["mappings"][number];

/**
 * The deploy event of the first mapping that fits a delivery; undefined when no mapping fits. The event does not depend
 * on the current time, so a delivery that arrives twice gives the same event.
 * @throws RefusedError when the release's name is missing or malformed, or when the policy forbids the event
 */
export function mapDelivery(
  { name, source }: NamedSource,
  delivery: Delivery,
  policy: Policy,
): DeployEvent | undefined {
  const mappings: readonly Mapping[] = source.mappings;
  const mapping = mappings.find((each) => fits(each, delivery));
  if (mapping === undefined) return undefined;
  const { release: _from, notAfterMinutes, ...template } = mapping.start;
  const { happenedAtMs } = delivery;
  const input = {
    ...template,
    release: getRelease(mapping.start, delivery),
    ...(happenedAtMs !== undefined && { notAfter: toTime(happenedAtMs + notAfterMinutes * 60_000) }),
    requestedBy: nameRequester(name, delivery),
    id: toEventId(name, delivery.identity),
  };
  return acceptDeployEvent(input, policy);
}

function toTime(ms: number): string {
  return new Date(ms).toISOString();
}

function fits(mapping: Mapping, delivery: Delivery): boolean {
  if ("type" in mapping) {
    const texts = Object.entries({ type: mapping.type, ...mapping.when });
    return texts.every(([path, text]) => delivery.findText(path) === text);
  }
  const { repository, ...patterns } = mapping.when;
  return (
    delivery.findText("event") === mapping.event &&
    // GitHub ignores the case of a repository's name.
    delivery.findText("repository")?.toLowerCase() === repository.toLowerCase() &&
    Object.entries(patterns).every(([path, glob]) => {
      const text = delivery.findText(path);
      return glob === undefined || (text !== undefined && matchesGlob(glob, text));
    })
  );
}

function getRelease({ release }: DeployEventTemplate, delivery: Delivery): string {
  if ("name" in release) return release.name;
  const found = delivery.findText(release.from);
  if (found === undefined)
    throw new RefusedError(`nothing was done: the delivery has no text at ${release.from} to name the release`);
  if (/^[\w.+/@:-]{1,128}$/.test(found)) return found;
  throw new RefusedError(
    `nothing was done: the delivery's ${release.from} is ${describeValue(found)}; expected a release's name: 1 to 128 letters, digits and . _ + - / @ :`,
  );
}

/** A sender is shown only when it looks like a GitHub login. */
function nameRequester(source: string, { sender = "" }: Delivery): string {
  const isLogin = /^[\w-]{1,60}(?:\[bot\])?$/.test(sender);
  return isLogin ? `${sender} by webhook ${source}` : `webhook ${source}`;
}
