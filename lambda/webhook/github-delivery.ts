import * as z from "zod";
import { describeValue } from "../contract/describe.ts";
import { memberOf } from "../contract/member-of.ts";
import { findProblems, formatProblems } from "../contract/problems.ts";
import type { Delivery } from "./delivery.ts";
import { RefusedDeliveryError } from "./refused-delivery-error.ts";

const Text = z.string().max(1_000);
const Id = z.int().nonnegative();
const Time = z.iso.datetime({ offset: true });
const Texts = z.record(z.string().max(200), z.unknown());

const Deployment = z.object({
  id: Id,
  ref: Text,
  sha: Text,
  task: Text.optional(),
  environment: Text,
  created_at: Time,
});
const Repository = z.object({ full_name: Text });
const Common = z.object({ repository: Repository, sender: z.object({ login: Text }).nullish() });

/** The input, or member of the client payload, with which a sender gives a dispatch an id. */
const OWN_ID = "cutover_id";

/** What a payload says; members that mappings cannot use are dropped. Without an `id`, the delivery's id is the identity. */
interface Facts extends z.output<typeof Common> {
  readonly texts: Readonly<Record<string, unknown>>;
  readonly id?: string | undefined;
  readonly happenedAt?: string | null | undefined;
}

const EVENTS = {
  deployment: Common.extend({ deployment: Deployment }).transform(({ deployment, ...common }): Facts => {
    const { id, created_at, ...texts } = deployment;
    return { ...common, texts, id: `${id}`, happenedAt: created_at };
  }),
  deployment_status: Common.extend({
    deployment: Deployment,
    deployment_status: z.object({ id: Id, state: Text, environment: Text.optional(), created_at: Time }),
  }).transform(({ deployment, deployment_status: status, ...common }): Facts => {
    const { ref, sha, task } = deployment;
    const texts = { ref, sha, task, environment: status.environment ?? deployment.environment, state: status.state };
    return { ...common, texts, id: `${status.id}`, happenedAt: status.created_at };
  }),
  /**
   * A release can be published, drafted again and published again: those are two deliveries. Only publishing sets
   * `published_at`: a pre-release that becomes a release keeps the old time, and `created_at` is the commit's time.
   */
  release: Common.extend({
    action: Text,
    release: z.object({ id: Id, tag_name: Text, published_at: Time.nullish(), updated_at: Time.nullish() }),
  }).transform(({ release, action, ...common }): Facts => {
    const { tag_name: tag, published_at: published, updated_at: updated } = release;
    const changedAt = updated ?? published;
    const id = `${release.id}-${action}${changedAt ? `-${Date.parse(changedAt) / 1000}` : ""}`;
    return {
      ...common,
      texts: { action, tag },
      id,
      happenedAt: action === "published" ? (published ?? updated) : updated,
    };
  }),
  /** A run of a fork can have any branch's name, so its conclusion is ignored. */
  workflow_run: Common.extend({
    workflow: z.object({ path: Text }).nullish(),
    workflow_run: z.object({
      id: Id,
      run_attempt: Id.optional(),
      path: Text.optional(),
      head_branch: Text.nullable(),
      head_sha: Text,
      conclusion: Text.nullable(),
      updated_at: Time,
      head_repository: Repository.nullable(),
    }),
  }).transform(({ workflow_run: run, workflow, ...common }): Facts => {
    const isOurs = run.head_repository?.full_name === common.repository.full_name;
    const texts = {
      workflow: toWorkflowFile(workflow?.path ?? run.path ?? ""),
      branch: run.head_branch,
      sha: run.head_sha,
      conclusion: isOurs ? run.conclusion : null,
    };
    return { ...common, texts, id: `${run.id}-${run.run_attempt ?? 1}`, happenedAt: run.updated_at };
  }),
  workflow_dispatch: Common.extend({ ref: Text, workflow: Text, inputs: Texts.nullish() }).transform(
    ({ ref, workflow, inputs, ...common }): Facts => {
      const texts = { ...prefix("inputs", inputs), ...toBranchOrTag(ref), workflow: toWorkflowFile(workflow) };
      return { ...common, texts, id: findOwnId(inputs) };
    },
  ),
  repository_dispatch: Common.extend({ action: Text, client_payload: Texts.nullish() }).transform(
    ({ action, client_payload: texts, ...common }): Facts => {
      return { ...common, texts: { ...prefix("client_payload", texts), action }, id: findOwnId(texts) };
    },
  ),
} as const;

type EventName = keyof typeof EVENTS;

/** The GitHub events that mappings can name. */
export const GITHUB_EVENTS = Object.keys(EVENTS) as readonly EventName[];

export interface GitHubHeaders {
  readonly event: string;
  readonly deliveryId: string;
}

/**
 * Reads a payload whose signature was right; undefined for an event that no mapping can name. GitHub signs only the
 * body, not the event's name or the delivery's id. So the body must belong to the event that the header names, and ids
 * in the body identify the delivery.
 * @throws RefusedDeliveryError
 */
export function readGitHubDelivery({ event, deliveryId }: GitHubHeaders, payload: unknown): Delivery | undefined {
  const name = GITHUB_EVENTS.find((known) => known === event);
  if (name === undefined) return undefined;
  if (kindOf(payload) !== name) throw refuse(`X-GitHub-Event says ${name}, but the payload is of another event`);
  const parsed = EVENTS[name].safeParse(payload);
  if (!parsed.success) {
    const problems = formatProblems(findProblems(parsed.error, payload));
    throw refuse(`the payload is not one of "${name}" as GitHub documents it:\n${problems}`);
  }
  const { repository, sender, id = deliveryId, happenedAt, ...facts } = parsed.data;
  const texts: Readonly<Record<string, unknown>> = { ...facts.texts, event: name, repository: repository.full_name };
  return {
    what: `${name} of ${repository.full_name}`,
    sender: sender?.login,
    identity: `${name}-${id}`,
    happenedAtMs: happenedAt ? Date.parse(happenedAt) : undefined,
    findText: (path) => {
      const text = memberOf(texts, path);
      return typeof text === "string" ? text : undefined;
    },
  };
}

function refuse(problem: string): RefusedDeliveryError {
  return new RefusedDeliveryError(problem, { status: 400 });
}

/** Members of other events that also contain a deployment or a run: jobs, reviews and protection rules. */
const FOREIGN = ["workflow_job", "deployment_callback_url", "approver", "requester", "reviewers"];

/** The order matters: the payload of a deployment status also contains the deployment, and perhaps a run. */
function kindOf(payload: unknown): EventName | undefined {
  const has = (member: string) => typeof payload === "object" && payload !== null && Object.hasOwn(payload, member);
  if (FOREIGN.some(has)) return undefined;
  if (has("deployment_status")) return "deployment_status";
  if (has("deployment")) return "deployment";
  if (has("release")) return "release";
  if (has("workflow_run")) return "workflow_run";
  if (has("client_payload")) return "repository_dispatch";
  return has("inputs") && has("workflow") ? "workflow_dispatch" : undefined;
}

/**
 * The signed body of a dispatch has no id or time from GitHub. Two equal dispatches may both be intended, so the body
 * itself cannot be the identity: the sender can add an id.
 */
function findOwnId(texts: z.output<typeof Texts> | null | undefined): string | undefined {
  const own = texts?.[OWN_ID];
  if (own === undefined || own === null) return undefined;
  if (typeof own === "string" && /^[\w.:/-]{1,200}$/.test(own)) return `${OWN_ID}-${own}`;
  throw refuse(`the dispatch's ${OWN_ID} is ${describeValue(own)}; expected 1 to 200 letters, digits and _ . : / -`);
}

/** `.github/workflows/deploy.yml@main` gives `deploy.yml`; undefined for a workflow of another place. */
function toWorkflowFile(path: string): string | undefined {
  return /^\.github\/workflows\/([^/@]+)(?:@.*)?$/s.exec(path)?.[1];
}

function toBranchOrTag(ref: string): Readonly<Record<string, string>> {
  if (ref.startsWith("refs/heads/")) return { branch: ref.slice("refs/heads/".length) };
  return ref.startsWith("refs/tags/") ? { tag: ref.slice("refs/tags/".length) } : {};
}

function prefix(name: string, texts: Readonly<Record<string, unknown>> | null | undefined) {
  return Object.fromEntries(Object.entries(texts ?? {}).map(([key, text]) => [`${name}.${key}`, text]));
}
