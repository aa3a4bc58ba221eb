import fc from "fast-check";
import { parsePolicy } from "../../../../lambda/config.ts";
import { matchesGlob } from "../../../../lambda/contract/glob.ts";
import { toEventId } from "../../../../lambda/webhook/delivery.ts";
import { readGitHubDelivery } from "../../../../lambda/webhook/github-delivery.ts";
import { mapDelivery } from "../../../../lambda/webhook/map-delivery.ts";
import { readStandardDelivery } from "../../../../lambda/webhook/standard-delivery.ts";
import { describe, expect, test } from "../../../support/jest.ts";
import { aWebhookPolicy } from "./deliveries.ts";

const start = { action: "promote", targets: { all: true }, release: { name: "fixed" } };
const repository = { full_name: "acme/phone" };

interface Mapping {
  readonly event: string;
  readonly when: object;
  readonly start: object;
}

function mapOrDiffer(mappings: readonly unknown[], event: string, payload: object) {
  const policy = aWebhookPolicy({ webhooks: { github: { kind: "github", mappings } } });
  const delivery = readGitHubDelivery({ event, deliveryId: "d-1" }, { repository, ...payload });
  if (delivery === undefined) throw new Error(`${event} is no event of ours`);
  return mapDelivery({ name: "github", source: policy.webhooks!.github! }, delivery, policy);
}

function withStart(mapping: Mapping, more: object): Mapping {
  return { ...mapping, start: { ...mapping.start, ...more } };
}

/** The event that these mappings make of a payload. */
function map(mappings: readonly unknown[], event: string, payload: object) {
  const mapped = mapOrDiffer(mappings, event, payload);
  return "event" in mapped ? mapped.event : undefined;
}

const when = { repository: "acme/phone" };
const AT = "2026-11-23T10:00:00Z";
const mappingOf =
  (event: string, always: object = {}) =>
  (more: object = {}): Mapping => ({ event, when: { ...when, ...always, ...more }, start });
const deployments = mappingOf("deployment");
const inProduction = deployments({ environment: "production" });
const statuses = mappingOf("deployment_status", { state: "success" });
const statusesInProduction = statuses({ environment: "production" });
const runs = mappingOf("workflow_run", { workflow: "deploy.yml", conclusion: "success" });
const onMain = runs({ branch: "main" });
const releases = mappingOf("release", { action: "created" });
const dispatches = mappingOf("workflow_dispatch", { workflow: "deploy.yml" });
const ownDispatches = mappingOf("repository_dispatch", { action: "go" });

const deployment = {
  ...{ id: 1, sha: "a".repeat(40), ref: "v1.2.3", task: "deploy", environment: "production", created_at: AT },
};
const aDeployment = (changes: object = {}) => ({ deployment: { ...deployment, ...changes } });
const status = { id: 2, state: "success", environment: "production", created_at: AT };
const aStatus = (changes: object) => ({ deployment, deployment_status: { ...status, ...changes } });
const release = { id: 5, tag_name: "v1", published_at: AT };
const aRelease = (changes: object) => ({ action: "created", release: { ...release, ...changes } });
const run = {
  id: 7,
  run_attempt: 2,
  path: ".github/workflows/deploy.yml@main",
  event: "push",
  head_branch: "release/2026.11",
  head_sha: "b".repeat(40),
  conclusion: "success",
  updated_at: AT,
  head_repository: repository,
};
const aRun = (changes: object = {}) => ({ workflow_run: { ...run, ...changes } });
const ofPullRequest = aRun({ event: "pull_request", head_branch: "main" });

describe("a GitHub mapping fits a payload", () => {
  test.each<readonly [string, boolean, Mapping, object]>([
    ["a deployment", true, deployments(), aDeployment()],
    ["its repository in other letters", true, deployments({ repository: "ACME/Phone" }), aDeployment()],
    ["another repository", false, deployments({ repository: "acme/phones" }), aDeployment()],
    ["an environment by a pattern", true, deployments({ environment: "prod*" }), aDeployment()],
    ["another environment", false, deployments({ environment: "staging" }), aDeployment()],
    ["an environment in other letters", true, inProduction, aDeployment({ environment: "Production" })],
    ["no environment", false, inProduction, aDeployment({ environment: null })],
    ["a ref by a pattern", true, deployments({ ref: "v*" }), aDeployment()],
    ["a ref in other letters", false, deployments({ ref: "V*" }), aDeployment()],
    ["a ref with its prefix", true, deployments({ ref: "v*" }), aDeployment({ ref: "refs/tags/v1.2.3" })],
    ["no task, which it does not ask for", true, inProduction, aDeployment({ task: null })],
    ["no task", false, deployments({ task: "deploy" }), aDeployment({ task: null })],
    ["another task", false, deployments({ task: "migrate" }), aDeployment()],
    ["a status's own environment", false, statusesInProduction, aStatus({ environment: "qa" })],
    ["an empty environment", true, statusesInProduction, aStatus({ environment: "" })],
    ["no environment of its own", true, statusesInProduction, aStatus({ environment: null })],
    ["no state", false, statusesInProduction, aStatus({ state: undefined })],
    ["a release", true, releases(), aRelease({ draft: false })],
    ["a draft", false, releases(), aRelease({ draft: true, published_at: null })],
    ["a run by its file", true, runs(), aRun()],
    ["a run of another file", false, runs(), aRun({ path: ".github/workflows/test.yml" })],
    ["a run of the same name elsewhere", false, runs(), aRun({ path: "dynamic/x/deploy.yml" })],
    ["a run of a fork", false, runs(), aRun({ head_repository: { full_name: "eve/phone" } })],
    ["a run of a fork that is gone", false, runs(), aRun({ head_repository: null })],
    ["a run that has not ended", false, runs(), aRun({ conclusion: null })],
    ["a run that failed", false, runs(), aRun({ conclusion: "failure" })],
    ["a run on a branch", true, runs({ branch: "release/*" }), aRun()],
    ["a run on another branch", false, onMain, aRun()],
    ["a run of a pull request", false, runs(), ofPullRequest],
    ["a run of one with rights", false, onMain, aRun({ event: "pull_request_target", head_branch: "main" })],
    ["a run of a pull request by name", true, runs({ event: "pull_request" }), ofPullRequest],
    ["a run of another event", false, runs({ event: "push" }), aRun({ event: "schedule" })],
  ])("%s: %p", (_what, fits, mapping, payload) => {
    expect(map([mapping], mapping.event, payload) !== undefined).toBe(fits);
  });

  const closest = [deployments({ environment: "production", task: "x", ref: "y" }), statusesInProduction, inProduction];
  const nowhere = aDeployment({ environment: null });
  const renamed = { ...aDeployment(), repository: { full_name: "acme/voice" } };
  const UNNAMED = "the run is of a pull request; expected a mapping that names its event";

  test.each<readonly [string, readonly Mapping[], object, string]>([
    ["a repository that was renamed", [inProduction], renamed, 'repository is "acme/voice"; expected "acme/phone"'],
    ["the branch of a pull request", [runs()], ofPullRequest, UNNAMED],
    ["what the closest mapping misses", closest, nowhere, 'environment is nothing; expected "production"'],
  ])("or the log has what differs: %s", (_what, mappings, payload, difference) => {
    expect(mapOrDiffer(mappings, mappings[0]?.event ?? "", payload)).toEqual({ differences: [difference] });
  });

  test("the first mapping that fits applies", () => {
    const named = (name: string, more: object = {}) => withStart(deployments(more), { release: { name } });
    const event = map([named("no", { ref: "x" }), named("first"), named("second")], "deployment", aDeployment());
    expect(event).toMatchObject({ release: "first" });
  });
});

describe("the release's name", () => {
  const from = (text: string) => ({ release: { from: text } });
  const workflow = ".github/workflows/deploy.yml";
  const dispatch = { ref: "refs/tags/v9", workflow, inputs: { release: "2026.12", n: 1 } };
  const prefixed = aDeployment({ ref: "refs/tags/v1.2.3" });
  const ownDispatch = { action: "go", client_payload: { release: "r1" } };

  test.each<readonly [string, string, Mapping, object]>([
    ["a deployment's ref", "v1.2.3", withStart(deployments(), from("ref")), aDeployment()],
    ["a ref with its prefix", "v1.2.3", withStart(deployments(), from("ref")), prefixed],
    ["a deployment's commit", "a".repeat(40), withStart(deployments(), from("sha")), aDeployment()],
    ["a run's branch", "release/2026.11", withStart(runs(), from("branch")), aRun()],
    ["a tag that was dispatched", "v9", withStart(dispatches(), from("tag")), dispatch],
    ["an input", "2026.12", withStart(dispatches(), from("inputs.release")), dispatch],
    ["a name of the operator's", "fixed", deployments(), aDeployment()],
    ["a dispatch's own text", "r1", withStart(ownDispatches(), from("client_payload.release")), ownDispatch],
  ])("%s: %s", (_what, release, mapping, payload) => {
    expect(map([mapping], mapping.event, payload)).toMatchObject({ release });
  });

  const missing = ["branch", "inputs.missing", "inputs.n", "inputs.toString"];
  test.each(missing)("a text that is missing at %s is refused", (path) => {
    expect(() => map([withStart(dispatches(), from(path))], "workflow_dispatch", dispatch)).toThrow(
      `nothing was done: the delivery has no text at ${path} to name the release`,
    );
  });
});

describe("the rollout of a delivery", () => {
  test("has the operator's strategy, onFailure, onBusy and minutes after the payload's time", () => {
    const order = { strategy: "canary-10-percent-30-minutes", onFailure: "halt", onBusy: "wait" };
    const mapping = withStart(statuses(), { ...order, notAfterMinutes: 30 });
    const event = map([mapping], "deployment_status", aStatus({}));
    expect(event).toMatchObject({ ...order, notAfter: "2026-11-23T10:30:00.000Z" });
  });

  test.each([
    ["Codertocat", "Codertocat by webhook github"],
    ["dependabot[bot]", "dependabot[bot] by webhook github"],
    ["<b>\u202e", "webhook github"],
  ])("has the requester %j: %j", (login, requestedBy) => {
    const payload = { ...aStatus({}), sender: { login } };
    expect(map([statuses()], "deployment_status", payload)?.requestedBy).toBe(requestedBy);
  });

  test("has the id that GitHub signed, or a dispatch's delivery id", () => {
    expect(map([runs()], "workflow_run", aRun())?.id).toBe("github_workflow_run-7-2");
    expect(map([releases()], "release", aRelease({}))?.id).toBe("github_release-5-created-1795428000");
    const dispatched = map([ownDispatches()], "repository_dispatch", { action: "go", client_payload: {} });
    expect(dispatched?.id).toBe("github_repository_dispatch-d-1");
    expect(dispatched).not.toHaveProperty("notAfter");
  });

  test("has an id that always fits, is stable, and differs from other sources' ids", () => {
    const source = fc.stringMatching(/^[a-z][a-z0-9-]{0,23}$/);
    const pair = fc.tuple(source, fc.string({ minLength: 1, maxLength: 256 }));
    fc.assert(
      fc.property(pair, pair, ([a, one], [b, other]) => {
        expect(toEventId(a, one)).toMatch(/^[\w-]{1,64}$/);
        expect(toEventId(a, one)).toBe(toEventId(a, one));
        if (a !== b || one !== other) expect(toEventId(a, one)).not.toBe(toEventId(b, other));
      }),
    );
  });
});

describe("a pattern", () => {
  test.each([
    ["release/*", "release/2026/11", true],
    ["release/*", "prerelease/1", false],
    ["a.c", "abc", false],
    ["[a-z]+", "b", false],
    ["*", ".github", true],
    ["v[1]", "v[1]", true],
    ["a?", "ab", false],
    ["!main", "dev", false],
  ])("%j fits %j: %p", (glob, text, fits) => {
    expect(matchesGlob(glob, text)).toBe(fits);
  });

  test("agrees with a regular expression and is never slow", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "/", "*"), maxLength: 12 });
    fc.assert(
      fc.property(text, text, (glob, subject) => {
        const expression = new RegExp(`^${glob.replaceAll("*", ".*")}$`);
        expect(matchesGlob(glob, subject)).toBe(expression.test(subject));
      }),
      { numRuns: 2_000 },
    );
    // A matcher that tries every split would not end before the test does.
    expect(matchesGlob("*a".repeat(100), "a".repeat(999) + "b".repeat(1))).toBe(false);
  });
});

/** As GitLab's documentation shows them, without the members that are not read. */
const GITLAB = {
  deployment: { object_kind: "deployment", status: "success", environment: "production", ref: "main" },
  release: { object_kind: "release", action: "create", tag: "v1.1" },
};

test.each([
  ["deployment", { status: "success", environment: "production" }, { event: { release: "main" } }],
  ["release", { action: "create" }, { event: { release: "v1.1" } }],
  ["deployment", { status: "failed" }, { differences: ['status is "success"; expected "failed"'] }],
] as const)("a %s of GitLab is mapped by its object_kind and %j", (kind, texts, expected) => {
  const from = kind === "release" ? "tag" : "ref";
  const mappings = [{ when: { object_kind: kind, ...texts }, start: { ...start, release: { from } } }];
  const policy = aWebhookPolicy({ webhooks: { gitlab: { kind: "standard", mappings } } });
  const delivery = readStandardDelivery("msg_1", GITLAB[kind]);
  expect(mapDelivery({ name: "gitlab", source: policy.webhooks!.gitlab! }, delivery, policy)).toMatchObject(expected);
});

describe("a policy's webhooks are checked with the policy", () => {
  const policyWith = (webhooks: unknown) => () =>
    parsePolicy({ baseUrl: "https://evovoice.io", accountIds: ["5f2b8c1e9d3a4b0012345678"], webhooks });

  const ofCi = (more: object) =>
    policyWith({ ci: { kind: "standard", mappings: [{ type: "x", start: { ...start, ...more } }] } });

  test("and give every problem with its path", () => {
    const tagged = { ...start, release: { from: "tag" } };
    const mappings = [
      { event: "deployment_status", when: { repository: "phone", state: "sucess" }, start: tagged },
      { event: "push", when, start },
      withStart(releases({ action: "published", branch: "main" }), { targets: [] }),
    ];
    const refusal = policyWith({
      GitHub: { kind: "github", mappings: [deployments()] },
      github: { kind: "github", mappings },
      ci: { kind: "standard", mappings: [{ type: "x", when: { "a..b": "c" }, start }] },
      every: { kind: "standard", mappings: [{ start }] },
      other: { kind: "gitlab", mappings: [] },
    });
    for (const problem of [
      /webhooks\.GitHub: got this name; expected a source's name/,
      /github\.mappings\[0\]\.when\.repository: got "phone"; expected a repository with its owner/,
      /github\.mappings\[0\]\.when\.state: got "sucess"; expected one of success/,
      /github\.mappings\[0\]\.start\.release\.from: got "tag"; expected one of ref, sha/,
      /github\.mappings\[1\]\.event: got "push"; expected a mapping whose event is one of/,
      /github\.mappings\[2\]\.when\.branch: got an unknown member/,
      /github\.mappings\[2\]\.start\.targets: got an empty list; expected at least one target/,
      /ci\.mappings\[0\]\.when\["?a\.\.b"?\]: got this name; expected a path/,
      /webhooks\.every\.mappings\[0\]\.when: got .*; expected a type, or at least one text/,
      /webhooks\.other\.kind: got "gitlab"; expected a source whose kind is/,
    ])
      expect(refusal).toThrow(problem);
  });

  const waves = [{ cohort: "canary" }, { rest: true }];
  test.each([
    [{ targets: { cohort: "canary" } }, 'targets[0].cohort: got "canary"; expected a cohort of the policy, which has'],
    [{ strategy: "careful" }, 'strategy: got "careful"; expected a strategy of the policy, which has none'],
    [{ strategy: { waves } }, 'strategy.waves[0].cohort: got "canary"; expected a cohort'],
    [{ action: "rollback" }, 'action: got "rollback"; expected "stage" (to the staging servers) or "promote"'],
    [{ action: "retry" }, 'action: got "retry"; expected "stage" (to the staging servers) or "promote"'],
  ])("and cannot start %j", (more, problem) => {
    expect(ofCi(more)).toThrow(`webhooks.ci.mappings[0].start.${problem}`);
  });

  test("and can name a strategy of Cutover's", () => {
    expect(ofCi({ strategy: "all-at-once" })).not.toThrow();
  });

  test("and only what has a time can wait for the lock until one", () => {
    const parse = (mapping: Mapping) =>
      policyWith({ github: { kind: "github", mappings: [withStart(mapping, { onBusy: "wait" })] } });
    expect(parse(deployments())).not.toThrow();
    for (const dispatch of [dispatches(), ownDispatches()])
      expect(parse(dispatch)).toThrow(
        /mappings\[0\]\.start\.onBusy: got "wait"; expected "refuse": a dispatch has no time/,
      );
  });
});
