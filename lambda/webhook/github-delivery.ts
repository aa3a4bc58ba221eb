import * as z from "zod";
import { describeValue } from "../contract/describe.ts";
import { memberOf } from "../contract/member-of.ts";
import { findProblems, formatProblems } from "../contract/problems.ts";
import type { Delivery } from "./delivery.ts";
import { RefusedDeliveryError } from "./refused-delivery-error.ts";

const TEXT = "expected a text of at most 1000 characters";
const ID = "expected a whole number";
const NAME = "expected a name of at most 200 characters";

/** A mapping does not fit a text that is missing. Ids and times are required: they tell one delivery from another. */
const Text = z.string({ error: TEXT }).max(1_000, TEXT).nullish();
const Id = z.int({ error: ID }).nonnegative(ID);
const Time = z.iso.datetime({ offset: true, error: "expected a time with a zone, such as 2026-11-23T10:00:00Z" });
const Texts = z.record(z.string({ error: NAME }).max(200, NAME), z.unknown(), { error: "expected an object" });

function object<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.object(shape, { error: "expected an object" });
}

const Deployment = object({ ref: Text, sha: Text, task: Text, environment: Text });
const Repository = object({ full_name: z.string({ error: TEXT }).max(1_000, TEXT) });
const Common = object({ repository: Repository, sender: object({ login: Text }).nullish() });

/** The input, or member of the client payload, with which a sender gives a dispatch an id. */
const OWN_ID = "cutover_id";

/** What a payload says; members that mappings cannot use are dropped. Without an `id`, the delivery's id is the identity. */
interface Facts extends z.output<typeof Common> {
  readonly texts: Readonly<Record<string, unknown>>;
  readonly id?: string | undefined;
  readonly happenedAt?: string | null | undefined;
}

const EVENTS = {
  deployment: Common.extend({ deployment: Deployment.extend({ id: Id, created_at: Time }) }).transform(
    ({ deployment, ...common }): Facts => {
      const { id, created_at, ref, ...texts } = deployment;
      return { ...common, texts: { ...texts, ref: toShortRef(ref) }, id: `${id}`, happenedAt: created_at };
    },
  ),
  deployment_status: Common.extend({
    deployment: Deployment,
    deployment_status: object({ id: Id, state: Text, environment: Text, created_at: Time }),
  }).transform(({ deployment, deployment_status: status, ...common }): Facts => {
    const { state, environment } = status;
    const { ref, ...texts } = { ...deployment, environment: environment || deployment.environment, state };
    return { ...common, texts: { ...texts, ref: toShortRef(ref) }, id: `${status.id}`, happenedAt: status.created_at };
  }),
  /**
   * A release can be published, drafted again and published again: those are two deliveries. Only publishing sets
   * `published_at`: a pre-release that becomes a release keeps the old time, and `created_at` is the commit's time. A
   * draft can still change, so its action is ignored.
   */
  release: Common.extend({
    action: Text,
    release: object({
      id: Id,
      tag_name: Text,
      draft: z.boolean({ error: "expected true or false" }).nullish(),
      published_at: Time.nullish(),
      updated_at: Time.nullish(),
    }),
  }).transform(({ release, action, ...common }): Facts => {
    const { tag_name: tag, draft, published_at: published, updated_at: updated } = release;
    if (draft) return { ...common, texts: { tag } };
    const changedAt = updated ?? published;
    if (!changedAt) throw refuse("the release has no updated_at and no published_at, so its age is unknown");
    const id = `${release.id}-${action}-${Date.parse(changedAt) / 1000}`;
    return {
      ...common,
      texts: { action, tag },
      id,
      happenedAt: action === "published" ? (published ?? updated) : changedAt,
    };
  }),
  /** A run of a fork can have any branch's name, so its conclusion is ignored. */
  workflow_run: Common.extend({
    workflow: object({ path: Text }).nullish(),
    workflow_run: object({
      id: Id,
      run_attempt: Id.optional(),
      event: Text,
      path: Text,
      head_branch: Text,
      head_sha: Text,
      conclusion: Text,
      updated_at: Time,
      head_repository: Repository.nullish(),
    }),
  }).transform(({ workflow_run: run, workflow, ...common }): Facts => {
    const isOurs = run.head_repository?.full_name === common.repository.full_name;
    const texts = {
      workflow: toWorkflowFile(workflow?.path ?? run.path),
      event: run.event,
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
  const texts: Readonly<Record<string, unknown>> = { ...facts.texts, repository: repository.full_name };
  return {
    what: `${name} of ${repository.full_name}`,
    event: name,
    sender: sender?.login ?? undefined,
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

type Optional = z.output<typeof Text>;

/** `.github/workflows/deploy.yml@main` gives `deploy.yml`; undefined for a workflow of another place. */
function toWorkflowFile(path: Optional): string | undefined {
  return /^\.github\/workflows\/([^/@]+)(?:@.*)?$/s.exec(path ?? "")?.[1];
}

/** A deployment's ref is what its sender wrote: `refs/tags/v1.2.3` and `v1.2.3` are the same. */
function toShortRef(ref: Optional): Optional {
  return ref?.replace(/^refs\/(?:heads|tags)\//, "");
}

function toBranchOrTag(ref: Optional): Readonly<Record<string, Optional>> {
  if (ref?.startsWith("refs/heads/")) return { branch: toShortRef(ref) };
  return ref?.startsWith("refs/tags/") ? { tag: toShortRef(ref) } : {};
}

function prefix(name: string, texts: Readonly<Record<string, unknown>> | null | undefined) {
  return Object.fromEntries(Object.entries(texts ?? {}).map(([key, text]) => [`${name}.${key}`, text]));
}
