import * as z from "zod";
import { describeValue } from "../contract/describe.ts";
import { findProblems, formatProblems } from "../contract/problems.ts";
import { BadDeliveryError, type Delivery } from "./delivery.ts";

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

/** The members that mappings can use; every other member of a payload is dropped. */
const PAYLOADS = {
  deployment: Common.extend({ deployment: Deployment }),
  deployment_status: Common.extend({
    deployment: Deployment,
    deployment_status: z.object({ id: Id, state: Text, environment: Text.optional(), created_at: Time }),
  }),
  release: Common.extend({
    action: Text,
    release: z.object({ id: Id, tag_name: Text, published_at: Time.nullish(), updated_at: Time.nullish() }),
  }),
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
  }),
  workflow_dispatch: Common.extend({ ref: Text, workflow: Text, inputs: Texts.nullish() }),
  repository_dispatch: Common.extend({ action: Text, client_payload: Texts.nullish() }),
} as const;

type EventName = keyof typeof PAYLOADS;
type Payload<Name extends EventName> = z.output<(typeof PAYLOADS)[Name]>;
type Facts = Pick<Delivery, "identity" | "happenedAtMs"> & { readonly texts: Readonly<Record<string, unknown>> };

/** The input, or member of the client payload, with which a sender gives a dispatch an id. */
const OWN_ID = "cutover_id";

/** The GitHub events that mappings can name. */
export const GITHUB_EVENTS = Object.keys(PAYLOADS) as readonly EventName[];

export interface GitHubHeaders {
  readonly event: string;
  readonly deliveryId: string;
}

/**
 * Reads a payload whose signature was right; undefined for an event that no mapping can name. GitHub signs only the
 * body, not the event's name or the delivery's id. So the body must belong to the event that the header names, and ids
 * in the body identify the delivery.
 * @throws BadDeliveryError
 */
export function readGitHubDelivery({ event, deliveryId }: GitHubHeaders, payload: unknown): Delivery | undefined {
  const name = GITHUB_EVENTS.find((known) => known === event);
  if (name === undefined) return undefined;
  const kind = kindOf(payload);
  if (kind !== name) throw new BadDeliveryError(`X-GitHub-Event says ${name}, but the payload is of another event`);
  const { repository, sender, ...facts } = toFacts(name, payload, deliveryId);
  const texts: Readonly<Record<string, unknown>> = { ...facts.texts, event: name, repository: repository.full_name };
  return {
    what: `${name} of ${repository.full_name}`,
    sender: sender?.login,
    identity: facts.identity,
    happenedAtMs: facts.happenedAtMs,
    findText: (path) => {
      const text = Object.hasOwn(texts, path) ? texts[path] : undefined;
      return typeof text === "string" ? text : undefined;
    },
  };
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

function toFacts(name: EventName, payload: unknown, deliveryId: string): Facts & z.output<typeof Common> {
  switch (name) {
    case "deployment": {
      const { deployment, ...common } = parse(name, payload);
      const { id, ref, sha, task, environment, created_at } = deployment;
      const texts = { ref, sha, task, environment };
      return { ...common, texts, identity: `${name}-${id}`, happenedAtMs: Date.parse(created_at) };
    }
    case "deployment_status": {
      const { deployment, deployment_status: status, ...common } = parse(name, payload);
      const { ref, sha, task } = deployment;
      const texts = { ref, sha, task, environment: status.environment ?? deployment.environment, state: status.state };
      return { ...common, texts, identity: `${name}-${status.id}`, happenedAtMs: Date.parse(status.created_at) };
    }
    case "release":
      return toReleaseFacts(parse(name, payload));
    case "workflow_run":
      return toRunFacts(parse(name, payload));
    case "workflow_dispatch": {
      const { ref, workflow, inputs, ...common } = parse(name, payload);
      const texts = { ...prefix("inputs", inputs), ...toBranchOrTag(ref), workflow: toWorkflowFile(workflow) };
      return { ...common, texts, identity: `${name}-${nameDispatch(inputs, deliveryId)}` };
    }
    case "repository_dispatch": {
      const { action, client_payload: texts, ...common } = parse(name, payload);
      const identity = `${name}-${nameDispatch(texts, deliveryId)}`;
      return { ...common, texts: { ...prefix("client_payload", texts), action }, identity };
    }
  }
}

/**
 * The signed body of a dispatch has no id or time from GitHub. Two equal dispatches may both be intended, so the body
 * itself cannot be the identity: the sender can add an id.
 */
function nameDispatch(texts: z.output<typeof Texts> | null | undefined, deliveryId: string): string {
  const own = texts?.[OWN_ID];
  if (own === undefined || own === null) return deliveryId;
  if (typeof own === "string" && /^[\w.:/-]{1,200}$/.test(own)) return `${OWN_ID}-${own}`;
  throw new BadDeliveryError(
    `the dispatch's ${OWN_ID} is ${describeValue(own)}; expected 1 to 200 letters, digits and _ . : / -`,
  );
}

/**
 * A release can be published, drafted again and published again: those are two deliveries. Only publishing sets
 * `published_at`: a pre-release that becomes a release keeps the old time, and `created_at` is the commit's time.
 */
function toReleaseFacts({ release, action, ...common }: Payload<"release">): Facts & z.output<typeof Common> {
  const { id, tag_name: tag, published_at: published, updated_at: updated } = release;
  const happenedAt = action === "published" ? (published ?? updated) : updated;
  const changedAt = updated ?? published;
  const identity = `release-${id}-${action}${changedAt ? `-${Date.parse(changedAt) / 1000}` : ""}`;
  return { ...common, texts: { action, tag }, identity, happenedAtMs: happenedAt ? Date.parse(happenedAt) : undefined };
}

/** A run of a fork can have any branch's name, so its conclusion is ignored. */
function toRunFacts({ workflow_run: run, workflow, ...common }: Payload<"workflow_run">) {
  const isOurs = run.head_repository?.full_name === common.repository.full_name;
  const texts = {
    workflow: toWorkflowFile(workflow?.path ?? run.path ?? ""),
    branch: run.head_branch,
    sha: run.head_sha,
    conclusion: isOurs ? run.conclusion : null,
  };
  const identity = `workflow_run-${run.id}-${run.run_attempt ?? 1}`;
  return { ...common, texts, identity, happenedAtMs: Date.parse(run.updated_at) };
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

function parse<Name extends EventName>(name: Name, payload: unknown): Payload<Name> {
  const parsed = PAYLOADS[name].safeParse(payload);
  if (parsed.success) return parsed.data as Payload<Name>;
  const problems = formatProblems(findProblems(parsed.error, payload));
  throw new BadDeliveryError(`the payload is not one of ${describeValue(name)} as GitHub documents it:\n${problems}`);
}
