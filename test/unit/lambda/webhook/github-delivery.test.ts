import { describe, expect, test } from "@jest/globals";
import { readGitHubDelivery } from "../../../../lambda/webhook/github-delivery.ts";
import { RefusedDeliveryError } from "../../../../lambda/webhook/refused-delivery-error.ts";

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
    ["a draft that was made of an old commit", "created", { updated_at: UPDATED }, UPDATED],
    ["released at an unknown time", "released", { published_at: PUBLISHED }, undefined],
    ["released, with nothing for a time", "released", { published_at: PUBLISHED, updated_at: null }, undefined],
    ["drafted at an unknown time", "created", { published_at: null }, undefined],
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
    expect(release("created", {}).identity).toBe("release-5-created");
  });
});

describe("a dispatch", () => {
  const dispatches = [
    ["repository_dispatch", (own: unknown) => ({ action: "go", client_payload: { cutover_id: own } })],
    [
      "workflow_dispatch",
      (own: unknown) => ({ ref: "refs/heads/main", workflow: ".github/workflows/go.yml", inputs: { cutover_id: own } }),
    ],
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
    "%s with a name that cannot be one is refused, and not taken for a new one",
    (event, payload) => {
      for (const bad of ["", "a b", "x".repeat(201), 17, ["a"], "\u202e"])
        expect(() => read(event, payload(bad))).toThrow(RefusedDeliveryError);
      expect(read(event, payload("x".repeat(200))).identity).toContain("x".repeat(200));
    },
  );
});
