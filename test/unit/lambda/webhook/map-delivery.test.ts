import fc from "fast-check";
import { parsePolicy } from "../../../../lambda/config.ts";
import { matchesGlob } from "../../../../lambda/contract/glob.ts";
import { toEventId } from "../../../../lambda/webhook/delivery.ts";
import { readGitHubDelivery } from "../../../../lambda/webhook/github-delivery.ts";
import { mapDelivery } from "../../../../lambda/webhook/map-delivery.ts";
import { readStandardDelivery } from "../../../../lambda/webhook/standard-delivery.ts";
import { describe, expect, test } from "../../../support/jest.ts";
import { aDeploymentStatus, aWebhookPolicy } from "./deliveries.ts";

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

/** The event that these mappings make of a payload. */
function map(mappings: readonly unknown[], event: string, payload: object) {
  const mapped = mapOrDiffer(mappings, event, payload);
  return "event" in mapped ? mapped.event : undefined;
}

const deployment = {
  id: 1,
  sha: "a".repeat(40),
  ref: "v1.2.3",
  task: "deploy",
  environment: "production",
  created_at: "2026-11-23T10:00:00Z",
};
const run = {
  id: 7,
  run_attempt: 2,
  path: ".github/workflows/deploy.yml@main",
  event: "push",
  head_branch: "release/2026.11",
  head_sha: "b".repeat(40),
  conclusion: "success",
  updated_at: "2026-11-23T10:00:00Z",
  head_repository: repository,
};
const when = { repository: "acme/phone" };
const runs = { event: "workflow_run", when: { ...when, workflow: "deploy.yml", conclusion: "success" }, start };
const pullRequest = { ...run, event: "pull_request", head_branch: "main" };
const runsOf = (event: string) => ({ ...runs, when: { ...runs.when, event } });
const inProduction = { event: "deployment", when: { ...when, environment: "production" }, start };
const status = { id: 2, state: "success", environment: "production", created_at: "2026-11-23T10:00:00Z" };
const statuses = { event: "deployment_status", when: { ...when, environment: "production", state: "success" }, start };
const created = { event: "release", when: { ...when, action: "created" }, start };
const release = { id: 5, tag_name: "v1", published_at: "2026-11-23T10:00:00Z" };

describe("a GitHub mapping fits a payload", () => {
  test.each<readonly [string, boolean, Mapping, object]>([
    ["a deployment", true, { event: "deployment", when, start }, { deployment }],
    [
      "its repository in other letters",
      true,
      { event: "deployment", when: { repository: "ACME/Phone" }, start },
      { deployment },
    ],
    ["another repository", false, { event: "deployment", when: { repository: "acme/phones" }, start }, { deployment }],
    [
      "an environment by a pattern",
      true,
      { event: "deployment", when: { ...when, environment: "prod*" }, start },
      { deployment },
    ],
    [
      "another environment",
      false,
      { event: "deployment", when: { ...when, environment: "staging" }, start },
      { deployment },
    ],
    ["a ref by a pattern", true, { event: "deployment", when: { ...when, ref: "v*" }, start }, { deployment }],
    [
      "an environment in other letters",
      true,
      inProduction,
      { deployment: { ...deployment, environment: "Production" } },
    ],
    ["no environment", false, inProduction, { deployment: { ...deployment, environment: null } }],
    ["a branch in other letters", false, { event: "deployment", when: { ...when, ref: "V*" }, start }, { deployment }],
    [
      "a ref with its prefix",
      true,
      { event: "deployment", when: { ...when, ref: "v*" }, start },
      { deployment: { ...deployment, ref: "refs/tags/v1.2.3" } },
    ],
    ["no task, which it does not ask for", true, inProduction, { deployment: { ...deployment, task: null } }],
    [
      "no task",
      false,
      { event: "deployment", when: { ...when, task: "deploy" }, start },
      { deployment: { ...deployment, task: null } },
    ],
    [
      "a status's own environment",
      false,
      statuses,
      { deployment, deployment_status: { ...status, environment: "qa" } },
    ],
    ["an empty environment", true, statuses, { deployment, deployment_status: { ...status, environment: "" } }],
    ["no environment of its own", true, statuses, { deployment, deployment_status: { ...status, environment: null } }],
    ["no state", false, statuses, { deployment, deployment_status: { ...status, state: undefined } }],
    ["a release", true, created, { action: "created", release: { ...release, draft: false } }],
    ["a draft", false, created, { action: "created", release: { ...release, draft: true, published_at: null } }],
    ["another task", false, { event: "deployment", when: { ...when, task: "migrate" }, start }, { deployment }],
    ["a run by its file", true, runs, { workflow_run: run }],
    ["a run of another file", false, runs, { workflow_run: { ...run, path: ".github/workflows/test.yml" } }],
    ["a run of the same name elsewhere", false, runs, { workflow_run: { ...run, path: "dynamic/x/deploy.yml" } }],
    ["a run of a fork", false, runs, { workflow_run: { ...run, head_repository: { full_name: "eve/phone" } } }],
    ["a run of a fork that is gone", false, runs, { workflow_run: { ...run, head_repository: null } }],
    ["a run that has not ended", false, runs, { workflow_run: { ...run, conclusion: null } }],
    ["a run that failed", false, runs, { workflow_run: { ...run, conclusion: "failure" } }],
    ["a run on a branch", true, { ...runs, when: { ...runs.when, branch: "release/*" } }, { workflow_run: run }],
    ["a run of a pull request", false, runs, { workflow_run: pullRequest }],
    [
      "a run of a pull request with its rights",
      false,
      { ...runs, when: { ...runs.when, branch: "main" } },
      { workflow_run: { ...pullRequest, event: "pull_request_target" } },
    ],
    ["a run of a pull request by name", true, runsOf("pull_request"), { workflow_run: pullRequest }],
    ["a run of another event", false, runsOf("push"), { workflow_run: { ...run, event: "schedule" } }],
    ["a run on another branch", false, { ...runs, when: { ...runs.when, branch: "main" } }, { workflow_run: run }],
  ])("%s: %p", (_what, fits, mapping, payload) => {
    expect(map([mapping], mapping.event, payload) !== undefined).toBe(fits);
  });

  test.each<readonly [string, readonly Mapping[], object, readonly string[]]>([
    [
      "a repository that was renamed",
      [inProduction],
      { deployment, repository: { full_name: "acme/voice" } },
      ['repository is "acme/voice"; expected "acme/phone"'],
    ],
    [
      "the branch of a pull request",
      [runs],
      { workflow_run: pullRequest },
      ["the run is of a pull request; expected a mapping that names its event"],
    ],
    [
      "a member that is missing, for the closest mapping",
      [{ ...inProduction, when: { ...inProduction.when, task: "x", ref: "y" } }, statuses, inProduction],
      { deployment: { ...deployment, environment: null } },
      ['environment is nothing; expected "production"'],
    ],
  ])("or the log has what differs: %s", (_what, mappings, payload, differences) => {
    expect(mapOrDiffer(mappings, mappings[0]?.event ?? "", payload)).toEqual({ differences });
  });

  test("the first mapping that fits applies", () => {
    const named = (name: string, more: object = {}) => ({
      event: "deployment",
      when: { ...when, ...more },
      start: { ...start, release: { name } },
    });
    const event = map([named("no", { ref: "x" }), named("first"), named("second")], "deployment", { deployment });
    expect(event).toMatchObject({ release: "first" });
  });
});

describe("the release's name", () => {
  const dispatch = {
    ref: "refs/tags/v9",
    workflow: ".github/workflows/deploy.yml",
    inputs: { release: "2026.12", n: 1 },
  };
  const dispatched = (from: string) => ({
    event: "workflow_dispatch",
    when: { ...when, workflow: "deploy.yml" },
    start: { ...start, release: { from } },
  });

  test.each<readonly [string, string, Mapping, object]>([
    [
      "a deployment's ref",
      "v1.2.3",
      { event: "deployment", when, start: { ...start, release: { from: "ref" } } },
      { deployment },
    ],
    [
      "a deployment's ref with its prefix",
      "v1.2.3",
      { event: "deployment", when, start: { ...start, release: { from: "ref" } } },
      { deployment: { ...deployment, ref: "refs/tags/v1.2.3" } },
    ],
    [
      "a deployment's commit",
      "a".repeat(40),
      { event: "deployment", when, start: { ...start, release: { from: "sha" } } },
      { deployment },
    ],
    [
      "a run's branch",
      "release/2026.11",
      { ...runs, start: { ...start, release: { from: "branch" } } },
      { workflow_run: run },
    ],
    ["a tag that was dispatched", "v9", dispatched("tag"), dispatch],
    ["an input", "2026.12", dispatched("inputs.release"), dispatch],
    ["a name of the operator's", "fixed", { event: "deployment", when, start }, { deployment }],
    [
      "a dispatch's own text",
      "r1",
      {
        event: "repository_dispatch",
        when: { ...when, action: "go" },
        start: { ...start, release: { from: "client_payload.release" } },
      },
      { action: "go", client_payload: { release: "r1" } },
    ],
  ])("%s: %s", (_what, release, mapping, payload) => {
    expect(map([mapping], mapping.event, payload)).toMatchObject({ release });
  });

  test.each(["branch", "inputs.missing", "inputs.n", "inputs.toString"])(
    "a text that is missing at %s is refused",
    (from) => {
      expect(() => map([dispatched(from)], "workflow_dispatch", dispatch)).toThrow(
        `nothing was done: the delivery has no text at ${from} to name the release`,
      );
    },
  );
});

describe("the rollout of a delivery", () => {
  const all = [
    { event: "deployment_status", when: { ...when, state: "success" }, start: { ...start, notAfterMinutes: 30 } },
  ];

  test("begins within the minutes after the payload's time", () => {
    const payload = { ...aDeploymentStatus(), repository };
    payload.deployment_status.created_at = "2026-11-23T10:00:00Z";
    expect(map(all, "deployment_status", payload)?.notAfter).toBe("2026-11-23T10:30:00.000Z");
  });

  test.each([
    ["Codertocat", "Codertocat by webhook github"],
    ["dependabot[bot]", "dependabot[bot] by webhook github"],
    ["<b>\u202e", "webhook github"],
  ])("has the requester %j: %j", (login, requestedBy) => {
    const payload = { ...aDeploymentStatus(), repository, sender: { login } };
    expect(map(all, "deployment_status", payload)?.requestedBy).toBe(requestedBy);
  });

  test("has the id that GitHub signed, or a dispatch's delivery id", () => {
    expect(map([runs], "workflow_run", { workflow_run: run })?.id).toBe("github_workflow_run-7-2");
    const releases = [{ event: "release", when: { ...when, action: "published" }, start }];
    expect(map(releases, "release", { release, action: "published" })?.id).toBe(
      "github_release-5-published-1795428000",
    );
    const dispatches = [{ event: "repository_dispatch", when: { ...when, action: "go" }, start }];
    const dispatched = map(dispatches, "repository_dispatch", { action: "go", client_payload: {} });
    expect(dispatched?.id).toBe("github_repository_dispatch-d-1");
    expect(dispatched).not.toHaveProperty("notAfter");
  });

  test("has the operator's strategy, onFailure and onBusy", () => {
    const strategy = {
      waves: [
        { share: "10%", bakeMinutes: 30 },
        { rest: true, bakeMinutes: 0 },
      ],
    };
    const order = { ...start, strategy, onFailure: "halt", onBusy: "wait" };
    const payload = { ...aDeploymentStatus(), repository };
    const mappings = [{ event: "deployment_status", when: { ...when, state: "success" }, start: order }];
    expect(map(mappings, "deployment_status", payload)).toMatchObject({
      strategy,
      onFailure: "halt",
      onBusy: "wait",
      notAfter: expect.any(String),
    });
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
    ["*", "", true],
    ["*", "anything/at all", true],
    ["release/*", "release/2026/11", true],
    ["release/*", "prerelease/1", false],
    ["v*.0", "v1.2.0", true],
    ["v*.0", "v1.2.1", false],
    ["*-rc*", "1.0-rc.1", true],
    ["a.c", "abc", false],
    ["[a-z]+", "b", false],
    ["*", ".github", true],
    ["v[1]", "v[1]", true],
    ["a?", "ab", false],
    ["!main", "dev", false],
    ["a*a", "a", false],
    ["", "a", false],
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
  deployment: {
    object_kind: "deployment",
    status: "success",
    status_changed_at: "2026-11-23 21:50:00 +0200",
    environment: "production",
    project: { path_with_namespace: "acme/phone" },
    ref: "main",
  },
  release: {
    object_kind: "release",
    action: "create",
    tag: "v1.1",
    created_at: "2026-11-23 12:55:12 UTC",
    project: { path_with_namespace: "acme/phone" },
  },
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

  test("and give every problem with its path", () => {
    const mappings = [
      {
        event: "deployment_status",
        when: { repository: "phone", state: "sucess" },
        start: { ...start, release: { from: "tag" } },
      },
      { event: "push", when, start },
      { event: "release", when: { ...when, action: "published", branch: "main" }, start: { ...start, targets: [] } },
    ];
    const refusal = policyWith({
      GitHub: { kind: "github", mappings: [{ event: "deployment", when, start }] },
      github: { kind: "github", mappings },
      ci: { kind: "standard", mappings: [{ type: "x", when: { "a..b": "c" }, start }] },
      every: { kind: "standard", mappings: [{ start }] },
      other: { kind: "gitlab", mappings: [] },
    });
    expect(refusal).toThrow(/webhooks\.GitHub: got this name; expected a source's name/);
    expect(refusal).toThrow(
      /github\.mappings\[0\]\.when\.repository: got "phone"; expected a repository with its owner/,
    );
    expect(refusal).toThrow(/github\.mappings\[0\]\.when\.state: got "sucess"; expected one of success/);
    expect(refusal).toThrow(/github\.mappings\[0\]\.start\.release\.from: got "tag"; expected one of ref, sha/);
    expect(refusal).toThrow(/github\.mappings\[1\]\.event: got "push"; expected a mapping whose event is one of/);
    expect(refusal).toThrow(/github\.mappings\[2\]\.when\.branch: got an unknown member/);
    expect(refusal).toThrow(/github\.mappings\[2\]\.start\.targets: got an empty list; expected at least one target/);
    expect(refusal).toThrow(/ci\.mappings\[0\]\.when\["?a\.\.b"?\]: got this name; expected a path/);
    expect(refusal).toThrow(/webhooks\.every\.mappings\[0\]\.when: got .*; expected a type, or at least one text/);
    expect(refusal).toThrow(/webhooks\.other\.kind: got "gitlab"; expected a source whose kind is/);
  });

  test("an unknown cohort is found with the policy", () => {
    const mappings = [{ type: "x", start: { ...start, targets: { cohort: "canary" } } }];
    expect(policyWith({ ci: { kind: "standard", mappings } })).toThrow(
      'webhooks.ci.mappings[0].start.targets[0].cohort: got "canary"; expected a cohort of the policy, which has none',
    );
  });

  test("an unknown strategy is found with the policy", () => {
    const mappings = (strategy: unknown) => [{ type: "x", start: { ...start, strategy } }];
    expect(policyWith({ ci: { kind: "standard", mappings: mappings("careful") } })).toThrow(
      /webhooks\.ci\.mappings\[0\]\.start\.strategy: got "careful"; expected a strategy of the policy, which has none/,
    );
    const waves = [{ cohort: "canary" }, { rest: true }];
    expect(policyWith({ ci: { kind: "standard", mappings: mappings({ waves }) } })).toThrow(
      /webhooks\.ci\.mappings\[0\]\.start\.strategy\.waves\[0\]\.cohort: got "canary"; expected a cohort/,
    );
    expect(policyWith({ ci: { kind: "standard", mappings: mappings("all-at-once") } })).not.toThrow();
  });

  test.each([
    ["workflow_dispatch", { ...when, workflow: "deploy.yml" }, "refused"],
    ["repository_dispatch", { ...when, action: "go" }, "refused"],
    ["deployment", when, "accepted"],
  ])("a %s with %j that waits for the lock is %s: only what has a time can wait until one", (event, says, verdict) => {
    const mappings = [{ event, when: says, start: { ...start, onBusy: "wait" } }];
    const parse = policyWith({ github: { kind: "github", mappings } });
    if (verdict === "accepted") expect(parse).not.toThrow();
    else expect(parse).toThrow(/mappings\[0\]\.start\.onBusy: got "wait"; expected "refuse": a dispatch has no time/);
  });

  test.each(["rollback", "retry"])("no delivery can ask for a %s", (action) => {
    const mappings = [{ type: "x", start: { ...start, action } }];
    expect(policyWith({ ci: { kind: "standard", mappings } })).toThrow(
      `start.action: got "${action}"; expected "stage" (to the staging servers) or "promote" (to the production servers)`,
    );
  });
});
