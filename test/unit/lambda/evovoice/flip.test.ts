import { describe, expect, test } from "../../../support/jest.ts";
import { error, FLIP, GET, INFO, inTurn, POST, type Scripted } from "../../../support/scripted-server.ts";
import { useScriptedServer } from "../../../support/use-scripted-server.ts";

const { count, given, received } = useScriptedServer();

describe("a flip", () => {
  const old = { body: { ...INFO, isStaging: false } };
  const other = { body: { ...INFO, id: "c2" } };
  const right = { body: INFO };

  test.each<{ about: string; post: readonly Scripted[]; get?: readonly Scripted[]; result: object; posts: number }>([
    {
      about: "the right reply",
      post: [right],
      result: { result: "flipped", reason: { code: "confirmed-by-reply" } },
      posts: 1,
    },
    { about: "the old flag, read right", post: [old], get: [right], result: { result: "flipped" }, posts: 1 },
    {
      about: "the old flag, read old, then right",
      post: [old, right],
      get: [old],
      result: { result: "flipped" },
      posts: 2,
    },
    { about: "another customer, read right", post: [other], get: [right], result: { result: "flipped" }, posts: 1 },
    {
      about: "no flag, read right",
      post: [{ body: { id: "c1" } }],
      get: [right],
      result: { result: "flipped" },
      posts: 1,
    },
    {
      about: "a dropped connection, read right",
      post: ["drop"],
      get: [right],
      result: { result: "flipped" },
      posts: 1,
    },
    { about: "500, read right", post: [error(500, "X")], get: [right], result: { result: "flipped" }, posts: 1 },
    {
      about: "a proxy's 503, although it was done",
      post: [{ status: 503, headers: { "retry-after": "0" } }],
      get: [right],
      result: { result: "flipped" },
      posts: 1,
    },
    {
      about: "a lost reply, then the right reply",
      post: ["drop", right],
      get: [old],
      result: {
        result: "flipped",
        reason: { code: "confirmed-by-reply", after: expect.stringContaining("no usable") },
      },
      posts: 2,
    },
    {
      about: "429, then the right reply",
      post: [{ status: 429, headers: { "retry-after": "0" } }, right],
      result: { result: "flipped", reason: { code: "confirmed-by-reply" } },
      posts: 2,
    },
    {
      about: "400",
      post: [error(400, "ArgumentException")],
      get: [old],
      result: {
        result: "failed",
        reason: {
          ...{ code: "not-applied", isStaging: false },
          why: { code: "request-refused", operation: "flip", status: 400, errorCode: "ArgumentException" },
        },
      },
      posts: 1,
    },
    {
      about: "404",
      post: [error(404, "NotFound")],
      get: [right],
      result: { result: "flipped", reason: { code: "confirmed-by-reading", after: "a status 404" } },
      posts: 1,
    },
    {
      about: "409",
      post: [error(409, "Conflict")],
      get: [old],
      result: { result: "failed", reason: { code: "not-applied", why: { status: 409 } } },
      posts: 1,
    },
    {
      about: "no reply, then 404, but it was done",
      post: ["drop", error(404, "NotFound")],
      get: [old, right],
      result: { result: "flipped" },
      posts: 2,
    },
    {
      about: "old for ever",
      post: [old],
      get: [old],
      result: {
        result: "failed",
        reason: { code: "not-applied", isStaging: false },
      },
      posts: 3,
    },
    {
      about: "500 for ever, unreadable",
      post: [error(500, "X")],
      get: [error(500, "X")],
      result: {
        result: "failed",
        reason: { code: "may-be-flipped", why: { code: "request-refused", status: 500, errorCode: "X" } },
      },
      posts: 3,
    },
    ...[
      { about: "a sign-in page", most: 3, answer: { headers: { "content-type": "text/html" }, body: "<html>" } },
      { about: "a redirect", most: 3, answer: { status: 302, headers: { location: "/login" } } },
    ].flatMap(({ about, answer, most }) => [
      {
        about: `${about} for ever, although it was done`,
        post: [answer],
        get: [right],
        result: { result: "flipped", reason: { code: "confirmed-by-reading" } },
        posts: 2,
      },
      {
        about: `${about} for ever, not done`,
        post: [answer],
        get: [old],
        result: { result: "failed", reason: { code: "not-applied", isStaging: false } },
        posts: most,
      },
      {
        about: `${about} for ever, unreadable`,
        post: [answer],
        get: [error(500, "X")],
        result: { result: "failed", reason: { code: "may-be-flipped" } },
        posts: most,
      },
      { about: `${about}, then the right reply`, post: [answer, right], result: { result: "flipped" }, posts: 2 },
      {
        about: `${about}, then 404, but it was done`,
        post: [answer, error(404, "NotFound")],
        get: [right],
        result: { result: "flipped" },
        posts: 2,
      },
    ]),
    { about: "401, then the right reply", post: [{ status: 401 }, right], result: { result: "flipped" }, posts: 2 },
    {
      about: "408, although it was done",
      post: [{ status: 408 }],
      get: [right],
      result: { result: "flipped" },
      posts: 1,
    },
    {
      about: "408 for ever, not done",
      post: [{ status: 408 }],
      get: [old],
      result: { result: "failed", reason: { code: "not-applied", why: { code: "request-refused", status: 408 } } },
      posts: 3,
    },
  ])("that meets $about", async ({ post, get = [], result, posts }) => {
    const { flip } = await given(inTurn({ [POST]: post, [GET]: get }), { retries: { requestTimeoutMs: 500 } });

    expect(await flip(FLIP)).toMatchObject(result);
    expect(count(POST)).toBe(posts);
    if (get.length === 0) expect(count(GET)).toBe(0);
  });

  test("of thirty customers whose replies are login pages signs in only a few times", async () => {
    const ids = Array.from({ length: 30 }, (_, index) => `c${index}`);
    const { flip } = await given(({ path, method }) => {
      if (!path.startsWith("/customers/")) return undefined;
      const id = path.split("/")[2];
      return method === "POST"
        ? { headers: { "content-type": "text/html" }, body: "<html>" }
        : { body: { ...INFO, id } };
    });

    const results = await Promise.all(ids.map((customerId) => flip({ customerId, isStaging: true })));

    for (const each of results) expect(each).toMatchObject({ result: "flipped" });
    expect(received().filter(({ path }) => path.endsWith("/staging"))).toHaveLength(60);
    expect(count("/auth/credentials")).toBeLessThanOrEqual(10);
  });

  test("that is answered with 401 in two fresh sessions ends the part, while readings are accepted", async () => {
    const { flip, readCustomer } = await given(
      inTurn({ [POST]: [...Array(3).fill({ status: 401 }), "drop"], [GET]: [right] }),
    );

    const reasons = [{ code: "session-rejected", operation: "flip" }];
    await expect(flip(FLIP, async () => void (await readCustomer("c1")))).rejects.toMatchObject({ reasons });
    expect(count(POST)).toBe(3);
    expect(count("/auth/credentials")).toBe(3);
    // Another flip of this part loses its reply: the 401s before must not hide that it was done.
    expect(await flip(FLIP)).toMatchObject({ result: "flipped", reason: { code: "confirmed-by-reading" } });
  });

  test("is not sent when `beforeSend` throws, and is unresolved when its time ends in doubt", async () => {
    const { flip } = await given(inTurn({ [POST]: ["drop"], [GET]: ["drop"] }), {
      lastsMs: 1_000,
      retries: { attempts: 10, mostBackoffMs: 200 },
    });

    await expect(flip(FLIP, () => Promise.reject(new Error("the lock is lost")))).rejects.toThrow("the lock is lost");
    expect(count(POST)).toBe(0);
    expect(await flip(FLIP)).toEqual({ result: "unresolved" });
  });

  test.each<{ after: string; post: readonly Scripted[] }>([
    { after: "was refused for its rate", post: [{ status: 429, headers: { "retry-after": "0" } }, right] },
    { after: "may have been done", post: [error(500, "X"), right] },
  ])("asks again before the request that follows one which $after", async ({ post }) => {
    const { flip } = await given(inTurn({ [POST]: post, [GET]: [old] }));
    let asked = 0;

    await flip(FLIP, async () => {
      asked += 1;
    });

    expect(asked).toBe(2);
  });
});
