import { GITHUB_EVENTS, readGitHubDelivery } from "../../../../lambda/webhook/github-delivery.ts";
import { RefusedDeliveryError } from "../../../../lambda/webhook/refused-delivery-error.ts";
import { describe, expect, test } from "../../../support/jest.ts";
import { githubExamples } from "./github-examples.ts";

const repository = { full_name: "acme/phone" };
const PUBLISHED = "2026-11-22T10:00:00Z";
const UPDATED = "2026-11-23T10:00:00Z";

function read(event: string, payload: object, deliveryId = "d-1") {
  const delivery = readGitHubDelivery({ event, deliveryId }, { repository, ...payload });
  if (delivery === undefined) throw new Error(`${event} is no event of ours`);
  const { identity, happenedAtMs } = delivery;
  return { identity, happenedAt: happenedAtMs === undefined ? undefined : new Date(happenedAtMs).toISOString() };
}

describe("the time and the identity of a release", () => {
  const release = (action: string, changes: object) =>
    read("release", { action, release: { id: 5, tag_name: "v1", created_at: "2026-01-01T00:00:00Z", ...changes } });
  const times = { published_at: PUBLISHED, updated_at: UPDATED };

  test.each([
    ["published, as GitHub says since 2025", "published", times, PUBLISHED],
    ["published, without the time of its last change", "published", { published_at: PUBLISHED }, PUBLISHED],
    ["a pre-release that became a release a day later", "released", times, UPDATED],
    ["a release that became a pre-release a day later", "prereleased", times, UPDATED],
    ["a release that was made of an old commit", "created", { updated_at: UPDATED }, UPDATED],
    ["released, without the time of its last change", "released", { published_at: PUBLISHED }, PUBLISHED],
    ["prereleased, with nothing for it", "prereleased", { published_at: PUBLISHED, updated_at: null }, PUBLISHED],
  ])("%s", (_what, action, changes, expected) => {
    const { happenedAt } = release(action, changes);
    expect(happenedAt).toBe(expected && new Date(expected).toISOString());
  });

  test("the same change by any sender is one delivery; the next change is another", () => {
    const { identity } = release("released", times);
    expect(identity).toBe("release-5-released-1795428000");
    expect(release("released", times).identity).toBe(identity);
    expect(release("released", { ...times, updated_at: "2026-11-24T10:00:00Z" }).identity).not.toBe(identity);
    expect(release("published", times).identity).not.toBe(identity);
  });

  test.each(["published", "released", "prereleased", "created"])("%s without any time is refused", (action) => {
    expect(() => release(action, { published_at: null })).toThrow("so its age is unknown");
  });
});

test("what a payload lacks is said in sentences of ours", () => {
  const repository = { full_name: 7 };
  const payload = {
    deployment_status: { id: "1", created_at: "now" },
    deployment: { ref: {}, task: "x".repeat(1_001) },
  };
  const problems = () =>
    readGitHubDelivery({ event: "deployment_status", deliveryId: "d-1" }, { ...payload, repository });
  expect(problems).toThrow(
    [
      'the payload is not one of "deployment_status" as GitHub documents it:',
      "  - repository.full_name: got 7; expected a text of at most 1000 characters",
      "  - deployment.ref: got an object with no members; expected a text of at most 1000 characters",
      `  - deployment.task: got "${"x".repeat(79)}…"; expected a text of at most 1000 characters`,
      '  - deployment_status.id: got "1"; expected a whole number',
      '  - deployment_status.created_at: got "now"; expected a time with a zone, such as 2026-11-23T10:00:00Z',
    ].join("\n"),
  );
});

test("no example of GitHub is read under another event's name, which GitHub does not sign", () => {
  for (const event of GITHUB_EVENTS) {
    const others = githubExamples["github.com"].filter(({ name }) => name !== event);
    expect(others.length).toBeGreaterThan(250);
    for (const { payload } of others) {
      const reading = () => readGitHubDelivery({ event, deliveryId: "d-1" }, payload);
      expect(reading).toThrow(`X-GitHub-Event says ${event}, but the payload is of another event`);
    }
  }
});

describe("a dispatch", () => {
  const dispatches = [
    ["repository_dispatch", (own: unknown) => ({ action: "go", client_payload: { cutover_id: own } })],
    ["workflow_dispatch", (own: unknown) => ({ workflow: ".github/workflows/go.yml", inputs: { cutover_id: own } })],
  ] as const;

  test.each(dispatches)("%s with the sender's id is the same delivery under any delivery id", (event, payload) => {
    const { identity, happenedAt } = read(event, payload("run-17"));
    expect(identity).toBe(`${event}-cutover_id-run-17`);
    expect(read(event, payload("run-17"), "a-replay").identity).toBe(identity);
    expect(read(event, payload("run-18")).identity).not.toBe(identity);
    expect(happenedAt).toBeUndefined();
  });

  test.each(dispatches)("%s without the sender's id is identified by its delivery id", (event, payload) => {
    for (const none of [undefined, null]) {
      expect(read(event, payload(none)).identity).toBe(`${event}-d-1`);
      expect(read(event, payload(none), "d-2").identity).toBe(`${event}-d-2`);
    }
  });

  test.each(dispatches)(
    "%s with an id that cannot be one is refused, and not taken for a new one",
    (event, payload) => {
      for (const bad of ["", "a b", "x".repeat(201), 17, ["a"], "\u202e"])
        expect(() => read(event, payload(bad))).toThrow(RefusedDeliveryError);
      expect(read(event, payload("x".repeat(200))).identity).toContain("x".repeat(200));
    },
  );
});
