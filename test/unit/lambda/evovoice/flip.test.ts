import { describe, expect, test } from "../../../support/jest.ts";
import { error, FLIP, GET, INFO, inTurn, POST, type Scripted } from "../../../support/scripted-server.ts";
import { useScriptedServer } from "../../../support/use-scripted-server.ts";

const { count, given, received } = useScriptedServer();

const right: Scripted = { body: INFO };
const old: Scripted = { body: { ...INFO, isStaging: false } };
const other: Scripted = { body: { ...INFO, id: "c2" } };
const flagless: Scripted = { body: { id: "c1" } };
const unread = error(500, "X");
const notFound = error(404, "NotFound");
const busy = { status: 429, headers: { "retry-after": "0" } };
const page: Scripted = { headers: { "content-type": "text/html" }, body: "<html>" };
const redirect: Scripted = { status: 302, headers: { location: "/login" } };

const flipped = { result: "flipped" };
const byReply = { ...flipped, reason: { code: "confirmed-by-reply" } };
const replied = (after: RegExp) => ({ ...flipped, reason: { ...byReply.reason, after: expect.stringMatching(after) } });
const byReading = { ...flipped, reason: { code: "confirmed-by-reading" } };
const failed = (reason: object) => ({ result: "failed", reason });
const notApplied = { code: "not-applied", isStaging: false };
const inDoubt = { code: "may-be-flipped" };
const refused = (status: number, code?: string) => ({
  why: { code: "request-refused", operation: "flip", status, ...(code && { errorCode: code }) },
});

describe("a flip", () => {
  // The last answer to each method stays.
  test.each<[about: string, posts: number, answers: { post: Scripted[]; get?: Scripted[] }, result: object]>([
    ["the right reply", 1, { post: [right] }, byReply],
    ["the old flag, read right", 1, { post: [old], get: [right] }, flipped],
    ["the old flag, read old, then right", 2, { post: [old, right], get: [old] }, flipped],
    ["another customer, read right", 1, { post: [other], get: [right] }, flipped],
    ["no flag, read right", 1, { post: [flagless], get: [right] }, flipped],
    ["a dropped connection, read right", 1, { post: ["drop"], get: [right] }, flipped],
    ["500, read right", 1, { post: [unread], get: [right] }, flipped],
    ["a proxy's 503, although it was done", 1, { post: [{ ...busy, status: 503 }], get: [right] }, flipped],
    ["a lost reply, then the right reply", 2, { post: ["drop", right], get: [old] }, replied(/^no usable/)],
    ["429, then the right reply", 2, { post: [busy, right] }, byReply],
    ["400", 1, { post: [error(400, "NotEmpty")], get: [old] }, failed({ ...notApplied, ...refused(400, "NotEmpty") })],
    ["404", 1, { post: [notFound], get: [right] }, { reason: { ...byReading.reason, after: "a status 404" } }],
    ["409", 1, { post: [error(409, "Conflict")], get: [old] }, failed({ ...notApplied, ...refused(409, "Conflict") })],
    ["no reply, then 404, but it was done", 2, { post: ["drop", notFound], get: [old, right] }, flipped],
    ["old for ever", 3, { post: [old], get: [old] }, failed(notApplied)],
    ["500 for ever, unreadable", 3, { post: [unread], get: [unread] }, failed({ ...inDoubt, ...refused(500, "X") })],
    ["401, then the right reply", 2, { post: [{ status: 401 }, right] }, flipped],
    ["408, although it was done", 1, { post: [{ status: 408 }], get: [right] }, flipped],
    ["408 for ever, not done", 3, { post: [{ status: 408 }], get: [old] }, failed({ ...notApplied, ...refused(408) })],
    ["a sign-in page for ever, although it was done", 2, { post: [page], get: [right] }, byReading],
    ["a sign-in page for ever, not done", 3, { post: [page], get: [old] }, failed(notApplied)],
    ["a sign-in page for ever, unreadable", 3, { post: [page], get: [unread] }, failed(inDoubt)],
    ["a sign-in page, then the right reply", 2, { post: [page, right] }, flipped],
    ["a sign-in page, then 404, but it was done", 2, { post: [page, notFound], get: [right] }, flipped],
    ["a redirect for ever, not done", 3, { post: [redirect], get: [old] }, failed(notApplied)],
  ])("that meets %s (POSTs: %d)", async (_about, posts, { post, get = [] }, result) => {
    const { flip } = await given(inTurn({ [POST]: post, [GET]: get }));

    expect(await flip(FLIP)).toMatchObject(result);
    expect(count(POST)).toBe(posts);
    if (get.length === 0) expect(count(GET)).toBe(0);
  });

  test("of thirty customers whose replies are login pages signs in only a few times", async () => {
    const ids = Array.from({ length: 30 }, (_, index) => `c${index}`);
    const { flip } = await given(({ path, method }) => {
      if (!path.startsWith("/customers/")) return undefined;
      const id = path.split("/")[2];
      return method === "POST" ? page : { body: { ...INFO, id } };
    });

    const results = await Promise.all(ids.map((customerId) => flip({ customerId, isStaging: true })));

    for (const each of results) expect(each).toMatchObject(flipped);
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
    expect(await flip(FLIP)).toMatchObject(byReading);
  });

  test("is not sent when `beforeSend` throws, and is unresolved when its time ends in doubt", async () => {
    const { flip } = await given(inTurn({ [POST]: ["drop"], [GET]: ["drop"] }), {
      lastsMs: 300,
      retries: { attempts: 10, mostBackoffMs: 100 },
    });

    await expect(flip(FLIP, () => Promise.reject(new Error("the lock is lost")))).rejects.toThrow("the lock is lost");
    expect(count(POST)).toBe(0);
    expect(await flip(FLIP)).toEqual({ result: "unresolved" });
  });

  test.each<[after: string, first: Scripted]>([
    ["was refused for its rate", busy],
    ["may have been done", unread],
  ])("asks again before the request that follows one which %s", async (_after, first) => {
    const { flip } = await given(inTurn({ [POST]: [first, right], [GET]: [old] }));
    let asked = 0;

    await flip(FLIP, async () => {
      asked += 1;
    });

    expect(asked).toBe(2);
  });
});
