import { acceptDeployEvent } from "../contract/accept-deploy-event.ts";
import type { DeployEvent } from "../contract/deploy-event.ts";
import type { DeployEventTemplate } from "../contract/deploy-event-template.ts";
import { describeValue } from "../contract/describe.ts";
import { matchesGlob } from "../contract/glob.ts";
import { toIso } from "../contract/instant.ts";
import type { Policy } from "../contract/policy.ts";
import { RefusedError } from "../contract/refused-error.ts";
import type { WebhookSource } from "../contract/webhook-sources.ts";
import { type Delivery, toEventId } from "./delivery.ts";

export interface NamedSource {
  readonly name: string;
  readonly source: WebhookSource;
}

type Mapping = WebhookSource["mappings"][number];

/** A deploy event; or, when no mapping fits, how the delivery differs from the closest mapping of its event. */
export type Mapped = { readonly event: DeployEvent } | { readonly differences: readonly string[] };

/**
 * The deploy event of the first mapping that fits a delivery. The event does not depend on the current time, so a
 * delivery that arrives twice gives the same event.
 * @throws RefusedError when the release's name is missing or malformed, or when the policy forbids the event
 */
export function mapDelivery({ name, source }: NamedSource, delivery: Delivery, policy: Policy): Mapped {
  const mappings: readonly Mapping[] = source.mappings;
  const [closest] = mappings
    .filter((mapping) => isOfEvent(mapping, delivery))
    .map((mapping) => ({ mapping, differences: findDifferences(mapping, delivery) }))
    .sort((a, b) => a.differences.length - b.differences.length);
  if (closest === undefined || closest.differences.length > 0) return { differences: closest?.differences ?? [] };
  const { mapping } = closest;
  const { release: _from, notAfterMinutes, ...template } = mapping.start;
  const { happenedAtMs } = delivery;
  const input = {
    ...template,
    release: getRelease(mapping.start, delivery),
    ...(happenedAtMs !== undefined && { notAfter: toIso(happenedAtMs + notAfterMinutes * 60_000) }),
    requestedBy: nameRequester(name, delivery),
    id: toEventId(name, delivery.identity),
  };
  return { event: acceptDeployEvent(input, policy) };
}

function isOfEvent(mapping: Mapping, { event, findText }: Delivery): boolean {
  if ("event" in mapping) return mapping.event === event;
  return mapping.type === undefined || mapping.type === findText("type");
}

/** Empty when the mapping fits. */
function findDifferences(mapping: Mapping, { findText }: Delivery): readonly string[] {
  const isText =
    "event" in mapping ? matchesText : (_path: string, expected: string, text: string) => text === expected;
  const differences = Object.entries(mapping.when).flatMap(([path, expected]: [string, string | undefined]) => {
    const text = findText(path);
    if (expected === undefined || (text !== undefined && isText(path, expected, text))) return [];
    return `${path} is ${describeValue(text)}; expected ${describeValue(expected)}`;
  });
  return isUnnamedPullRequest(mapping, findText) ? [...differences, PULL_REQUEST] : differences;
}

const PULL_REQUEST = "the run is of a pull request; expected a mapping that names its event";

/** The branch of a pull request can have any name, that of the production branch too. */
function isUnnamedPullRequest(mapping: Mapping, findText: Delivery["findText"]): boolean {
  if (!("event" in mapping) || mapping.event !== "workflow_run" || mapping.when.event !== undefined) return false;
  return findText("event")?.startsWith("pull_request") ?? false;
}

/** GitHub ignores the case of these names. */
const WITHOUT_CASE: readonly string[] = ["repository", "environment"];

function matchesText(path: string, glob: string, text: string): boolean {
  return WITHOUT_CASE.includes(path) ? matchesGlob(glob.toLowerCase(), text.toLowerCase()) : matchesGlob(glob, text);
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
