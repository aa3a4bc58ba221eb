import fc from "fast-check";
import { ControlsError } from "../../../../lambda/front-door/check-controls.ts";
import type { FunctionUrlRequest } from "../../../../lambda/webhook/read-request.ts";
import { anyCharacter } from "../../../support/any-character.ts";
import { describe, expect, jest, test } from "../../../support/jest.ts";
import {
  aDeploymentStatus,
  aDoor,
  aGitHubDelivery,
  aRequest,
  aStandardDelivery,
  MESSAGE_ID,
  STANDARD_SECRET,
  withHeaders,
} from "./deliveries.ts";
import { githubExamples } from "./github-examples.ts";

const UNKNOWN = "no source accepts this delivery";

describe("a signed delivery that a mapping names", () => {
  test("of GitHub starts the mapping's event, and the payload only names the release", async () => {
    const { send, started, counted } = aDoor();
    const answer = await send(aGitHubDelivery());
    const id = "github_deployment_status-209916254";
    expect(answer).toMatchObject({ statusCode: 202, headers: { "cache-control": "no-store" } });
    expect(JSON.parse(answer.body ?? "")).toEqual({ rolloutId: id, status: "starting" });
    const order = { action: "promote", release: "2026.11.0", targets: [{ all: true }], dryRun: false };
    const requestedBy = "Codertocat by webhook github";
    expect(started).toEqual([{ ...order, id, notAfter: expect.any(String), requestedBy }]);
    expect(counted).toEqual(["WebhookAccepted"]);
  });

  test("of Standard Webhooks starts the rollout with the message's id", async () => {
    const { send, started } = aDoor();
    expect(await send(aStandardDelivery())).toMatchObject({ statusCode: 202 });
    expect(started).toMatchObject([
      { action: "stage", release: "2026.12.0", targets: [{ cohort: "canary" }], id: `ci_${MESSAGE_ID}` },
    ]);
  });

  test("in base64, with headers in any case or under an id that GitHub does not sign is the same", async () => {
    const { send, started } = aDoor();
    const plain = aGitHubDelivery();
    const base64 = { ...plain, body: Buffer.from(plain.body ?? "").toString("base64"), isBase64Encoded: true };
    const shouted = Object.fromEntries(Object.entries(plain.headers ?? {}).map(([name, v]) => [name.toUpperCase(), v]));
    const again = withHeaders(plain, { "x-github-delivery": "another" });
    for (const request of [plain, base64, { ...plain, headers: shouted }, again]) {
      expect(await send(request)).toMatchObject({ statusCode: 202 });
    }
    expect(new Set(started.map((event) => JSON.stringify(event))).size).toBe(1);
  });

  test("is refused for a malformed release name, which is escaped and cut", async () => {
    const { send, started, logged } = aDoor();
    const payload = aDeploymentStatus({ ref: `\u202e"<script>\n${"x".repeat(900)}` });
    const answer = await send(aGitHubDelivery({ payload }));
    expect(answer.statusCode).toBe(422);
    const { error } = JSON.parse(answer.body ?? "");
    expect(error).toMatch(/ref is "\\u202e\\"<script>\\u000ax{30,70}…"; expected a release's name/);
    expect(JSON.stringify(logged).length).toBeLessThan(600);
    expect(started).toEqual([]);
  });

  test("asks for another attempt when the start fails, without the cause", async () => {
    const { send, counted } = aDoor({ start: () => Promise.reject(new Error("table ledger is throttled")) });
    const answer = await send(aGitHubDelivery());
    expect(answer).toMatchObject({ statusCode: 503, headers: { "retry-after": "60" } });
    expect(answer.body).not.toMatch(/ledger/);
    expect(counted).toEqual(["WebhookFailed"]);
  });
});

test("a delivery that the controls forbid is a conflict, without another attempt", async () => {
  const { send, counted } = aDoor({
    start: () => Promise.reject(new ControlsError({ code: "locked", rolloutId: "noon" })),
  });
  for (const delivery of [aGitHubDelivery(), aStandardDelivery()]) {
    const answer = await send(delivery);
    expect(answer).toMatchObject({ statusCode: 409, body: expect.stringContaining("rollout noon is running") });
    expect(answer.headers).not.toHaveProperty("retry-after");
  }
  expect(counted).toEqual([]);
});

describe("a delivery without a mapping is answered with 204 and starts nothing", () => {
  test.each([
    ["another state", aGitHubDelivery({ payload: aDeploymentStatus({ state: "failure" }) })],
    ["an event that mappings do not know", aGitHubDelivery({ event: "star", payload: { action: "created" } })],
    ["a ping", aGitHubDelivery({ event: "ping", payload: { zen: "Keep it logically awesome." } })],
    ["another type", aStandardDelivery({ payload: { type: "deploy.began" } })],
    ["another text", aStandardDelivery({ payload: { type: "deploy.finished", data: { environment: "dev" } } })],
    ["no type", aStandardDelivery({ payload: { data: { environment: "staging" } } })],
    ["no text", aStandardDelivery({ payload: { type: "deploy.finished", data: { environment: ["staging"] } } })],
  ])("%s", async (_what, request) => {
    const { send, started, counted, logged } = aDoor();
    const answer = await send(request);
    expect(answer.statusCode).toBe(204);
    expect(answer).not.toHaveProperty("body");
    expect(started).toEqual([]);
    expect(counted).toEqual(["WebhookIgnored"]);
    expect(logged).toHaveLength(1);
  });
});

describe("refused before the payload is parsed", () => {
  const valid = aGitHubDelivery();
  const notUtf8 = { body: Buffer.from([0x7b, 0xff, 0x7d]).toString("base64"), isBase64Encoded: true };
  const other = aGitHubDelivery({ payload: aDeploymentStatus({ ref: "evil" }) });
  const unsigned = withHeaders(valid, { "x-hub-signature-256": undefined });
  const wronglySigned = withHeaders(valid, { "x-hub-signature-256": `sha256=${"0".repeat(64)}` });
  const nowSeconds = Math.floor(Date.now() / 1000);

  test.each<readonly [string, number, FunctionUrlRequest]>([
    ["a GET", 405, aRequest({ method: "GET" })],
    ["the bare URL", 404, { ...valid, rawPath: "/" }],
    ["a path of other characters", 404, { ...valid, rawPath: "/%2e%2e" }],
    ["a form", 415, withHeaders(valid, { "content-type": "application/x-www-form-urlencoded" })],
    ["no content type", 415, withHeaders(valid, { "content-type": undefined })],
    ["a body over the limit", 413, aGitHubDelivery({ body: `"${"x".repeat(1_000_000)}"` })],
    ["a body over the limit in bytes", 413, aGitHubDelivery({ body: `"${"é".repeat(500_001)}"` })],
    ["no body", 400, { ...valid, body: "" }],
    ["invalid UTF-8 for GitHub", 400, { ...valid, ...notUtf8 }],
    ["invalid UTF-8 for Standard Webhooks", 400, { ...aStandardDelivery(), ...notUtf8 }],
    ["an unknown source", 401, { ...valid, rawPath: "/gitlab" }],
    ["a source that is a member of every object", 401, { ...valid, rawPath: "/constructor" }],
    ["no signature", 401, unsigned],
    ["only the old signature by SHA-1", 401, withHeaders(unsigned, { "x-hub-signature": `sha1=${"0".repeat(40)}` })],
    ["the old signature in place of the new", 401, withHeaders(valid, { "x-hub-signature-256": "sha1=0000" })],
    ["a wrong signature", 401, wronglySigned],
    ["the signature of another secret", 401, aGitHubDelivery({ secret: "another secret of theirs" })],
    ["the signature of another body", 401, { ...valid, headers: other.headers }],
    ["GitHub's delivery at another source", 401, { ...valid, rawPath: "/ci" }],
    ["an old timestamp", 401, aStandardDelivery({ seconds: nowSeconds - 301 })],
    ["a timestamp of the future", 401, aStandardDelivery({ seconds: nowSeconds + 310 })],
    ["a timestamp that is no number", 401, withHeaders(aStandardDelivery(), { "webhook-timestamp": "now" })],
    ["another message's id", 401, withHeaders(aStandardDelivery(), { "webhook-id": "msg_other" })],
    ["a signature of another version", 401, withHeaders(aStandardDelivery(), { "webhook-signature": "v1a,AAAA" })],
    ["signed, but no JSON", 400, aGitHubDelivery({ body: "{" })],
    ["signed, but no event", 400, withHeaders(valid, { "x-github-event": undefined })],
    ["signed, but of another event than the header says", 400, withHeaders(valid, { "x-github-event": "deployment" })],
    ["signed, but without what the event has", 400, aGitHubDelivery({ payload: { deployment_status: {} } })],
    ["signed, but no object", 400, aStandardDelivery({ body: "[]" })],
  ])("%s: %i", async (_what, status, request) => {
    const { send, started, counted } = aDoor();
    const answer = await send(request);
    expect(answer).toMatchObject({
      statusCode: status,
      headers: { "content-type": "application/json; charset=utf-8", "x-content-type-options": "nosniff" },
    });
    expect(JSON.parse(answer.body ?? "")).toEqual({ error: expect.any(String) });
    expect(started).toEqual([]);
    // Not for a source that does not exist, because a stranger can invent names.
    const isSource = ["/github", "/ci"].includes(request.rawPath ?? "");
    expect(counted).toEqual(status === 401 && isSource ? ["SignatureRefused"] : []);
  });

  test("unknown sources and missing or wrong signatures get one answer; the log differs", async () => {
    const { send, logged } = aDoor();
    const old = aStandardDelivery({ seconds: nowSeconds - 301 });
    const refused = [{ ...valid, rawPath: "/gitlab" }, unsigned, wronglySigned, old];
    const answers = await Promise.all(refused.map(send));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]?.body).toContain(UNKNOWN);
    expect(new Set(logged.map(({ fields }) => fields.reason)).size).toBe(3);
  });

  test("a thousand random requests are refused, and nothing starts", async () => {
    const { send, started } = aDoor();
    const names = ["Content-Type", "x-hub-signature-256", "X-GitHub-Event", "webhook-id", "webhook-timestamp"];
    const value = fc.oneof(
      fc.constantFrom("application/json", `sha256=${"a".repeat(64)}`, "deployment_status", "1614265330", "v1,AAAA"),
      fc.string(),
    );
    const path = fc.oneof(fc.constantFrom("github", "ci"), fc.string());
    const request = fc.record({
      rawPath: path.map((text) => `/${text}`),
      headers: fc.dictionary(fc.oneof(fc.constantFrom(...names, "webhook-signature"), fc.string()), value),
      body: fc.oneof(fc.json(), fc.string({ unit: anyCharacter, maxLength: 2_000 }), fc.base64String()),
      isBase64Encoded: fc.boolean(),
      method: fc.constantFrom("POST", "POST", "POST", "GET", "DELETE"),
    });
    await fc.assert(
      fc.asyncProperty(request, async (each) => {
        const { statusCode } = await send(aRequest(each));
        return statusCode >= 400 && statusCode < 500;
      }),
      { numRuns: 1_000 },
    );
    expect(started).toEqual([]);
  });
});

const ALL = { action: "promote", targets: { all: true }, release: { name: "r" } };
const octo = { repository: "octo-org/octo-repo" };
const hello = { repository: "Codertocat/Hello-World" };
const releaseFrom = (from: string) => ({ ...ALL, release: { from } });
const OF_RUN = { workflow: "test.yml", conclusion: "success", branch: "*" };
const OF_DISPATCH = { workflow: "hello-world-workflow.yml", branch: "ma*" };
/** A mapping for every event that one can name, each as wide as it can be. */
const EVERY_EVENT = {
  github: {
    kind: "github",
    mappings: [
      { event: "deployment", when: hello, start: ALL },
      { event: "deployment_status", when: { ...hello, state: "success" }, start: ALL },
      { event: "release", when: { ...hello, action: "published" }, start: releaseFrom("tag") },
      { event: "workflow_run", when: { ...octo, ...OF_RUN }, start: releaseFrom("sha") },
      { event: "workflow_dispatch", when: { ...octo, ...OF_DISPATCH }, start: releaseFrom("branch") },
      { event: "repository_dispatch", when: { ...octo, action: "on-*" }, start: ALL },
    ],
  },
};

describe("published examples", () => {
  test("GitHub's example of a signature is accepted", async () => {
    const { send } = aDoor();
    const signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    const request = withHeaders(aRequest({ body: "Hello, World!" }), { "x-hub-signature-256": signature });
    expect(await send(request)).toMatchObject({ statusCode: 400, body: '{"error":"expected a body of JSON"}' });
    expect(await send({ ...request, body: "Hello, World." })).toMatchObject({ statusCode: 401 });
  });

  test("the vector of Standard Webhooks is accepted within five minutes of its time", async () => {
    const request = withHeaders(aRequest({ rawPath: "/ci", body: '{"test": 2432232314}' }), {
      "webhook-id": MESSAGE_ID,
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    });
    const { send } = aDoor();
    const statusAt = async (seconds: number) => {
      const clock = jest.spyOn(Date, "now").mockReturnValue(seconds * 1000);
      try {
        return (await send(request)).statusCode;
      } finally {
        clock.mockRestore();
      }
    };
    // Past the signature it is a payload that no mapping names.
    for (const late of [0, 300, -300]) expect(await statusAt(1_614_265_330 + late)).toBe(204);
    for (const late of [301, -301]) expect(await statusAt(1_614_265_330 + late)).toBe(401);
  });

  test("one right signature of Standard Webhooks is enough; the secret's prefix is optional", async () => {
    const { send } = aDoor();
    const delivery = aStandardDelivery({ secret: STANDARD_SECRET.replace("whsec_", "") });
    const right = delivery.headers?.["webhook-signature"];
    const wrong = "Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=";
    const several = withHeaders(delivery, { "webhook-signature": `v1,${wrong} v2,${wrong} ${right} v1,${wrong}` });
    expect(await send(several)).toMatchObject({ statusCode: 202 });
    const partial = withHeaders(delivery, { "webhook-signature": right?.slice(0, 8) });
    expect(await send(partial)).toMatchObject({ statusCode: 401 });
  });

  const sent = githubExamples["github.com"];

  test(`all ${sent.length} example payloads of GitHub get a rollout with a mapping, otherwise 204`, async () => {
    const { send, started } = aDoor({ webhooks: EVERY_EVENT });
    const counts: Record<string, number> = {};
    for (const [index, { name, payload }] of sent.entries()) {
      const { statusCode } = await send(aGitHubDelivery({ event: name, deliveryId: `d-${index}`, payload }));
      const answer = statusCode === 202 ? name : String(statusCode);
      counts[answer] = (counts[answer] ?? 0) + 1;
    }
    expect(counts).toEqual({
      ...{ deployment: 4, deployment_status: 3, release: 3 },
      ...{ workflow_run: 2, workflow_dispatch: 2, repository_dispatch: 2, "204": sent.length - 16 },
    });
    const releases = ["r", "0.0.1", "3484a3fb816e0859fd6e1cea078d76385ff50625", "main", "master"];
    expect(new Set(started.map(({ release }) => release))).toEqual(new Set(releases));
  });

  const servers = ["Enterprise Server 3.1", "Enterprise Server 3.5"] as const;
  test.each(servers)("of %s: none is too old or too odd to be read", async (server) => {
    const { send } = aDoor();
    for (const { name, payload } of githubExamples[server]) {
      const { statusCode } = await send(aGitHubDelivery({ event: name, payload }));
      expect([202, 204]).toContain(statusCode);
    }
  });
});
