import { describe, expect, test } from "@jest/globals";
import { createSession, type SignInCaller } from "../../../../lambda/evovoice/session.ts";
import { error, GET, INFO, inTurn, type Script, type Scripted } from "../../../support/scripted-server.ts";
import { useScriptedServer } from "../../../support/use-scripted-server.ts";

const { count, given, received } = useScriptedServer();

describe("a sign-in", () => {
  const SIGN_IN = "/auth/credentials";

  test.each<{ about: string; answer: Scripted; tries: number; message: string | RegExp }>([
    { about: "a dropped connection", answer: "drop", tries: 3, message: /^sign-in got no usable answer/ },
    {
      about: "404",
      answer: { status: 404 },
      tries: 1,
      message: "sign-in was answered with 404; see whether the policy's baseUrl",
    },
  ])("that gets $about refuses no version of the secret", async ({ answer, tries, message }) => {
    const { readTagIds, refused } = await given(inTurn({ [SIGN_IN]: [answer] }));

    await expect(readTagIds(["a1"])).rejects.toThrow(message);
    expect(count(SIGN_IN)).toBe(tries);
    expect(refused.size).toBe(0);
  });

  const DOUBTFUL: readonly { readonly about: string; readonly answer: Scripted }[] = [
    { about: "a redirect", answer: { status: 302, headers: { location: "/login" } } },
    { about: "an HTML page", answer: { headers: { "content-type": "Text/HTML; charset=utf-8" }, body: "<p>" } },
    { about: "an answer without a cookie", answer: { body: {} } },
    { about: "500", answer: error(500, "UnauthorizedException") },
  ];

  test.each(DOUBTFUL)("that gets $about three times in a row counts as refused", async ({ answer }) => {
    const { readTagIds, refused } = await given(inTurn({ [SIGN_IN]: [answer] }));

    for (let invocation = 1; invocation <= 3; invocation += 1)
      await expect(readTagIds(["a1"])).rejects.toThrow("Evo Voice refused the sign-in with version v1 of the secret");
    expect(count(SIGN_IN)).toBe(3);
    expect([...refused]).toEqual(["v1"]);
  });

  test.each(DOUBTFUL)("that gets $about once is repeated, and the count is cleared", async ({ answer }) => {
    const welcome: Scripted = { headers: { "set-cookie": ["ss-id=1; path=/"] }, body: {} };
    const { readCustomer, refused } = await given(inTurn({ [SIGN_IN]: [answer, welcome], [GET]: [{ body: INFO }] }));

    expect(await readCustomer("c1")).toMatchObject({ reading: "found" });
    expect(count(SIGN_IN)).toBe(2);
    expect(refused.size).toBe(0);
  });

  test("with an unclear response after an accepted sign-in starts a new count", async () => {
    const welcome: Scripted = { headers: { "set-cookie": ["ss-id=1; path=/"] }, body: {} };
    const doubtful: Scripted[] = [{ status: 302, headers: { location: "/login" } }, { status: 404 }];
    const rounds = Array.from({ length: 4 }, () => [...doubtful, welcome]).flat();
    const dies: Scripted = { status: 401 };
    const { readCustomer, refused } = await given(
      inTurn({
        [SIGN_IN]: rounds,
        [GET]: Array.from({ length: 4 }, () => [{ body: INFO }, dies]).flat(),
      }),
    );

    for (let round = 1; round <= 4; round += 1) {
      const reason = expect.objectContaining({ code: "request-refused", operation: "sign-in", status: 404 });
      expect(await readCustomer("c1")).toEqual({ reading: "unreadable", reason });
      expect(await readCustomer("c1")).toMatchObject({ reading: "found" });
    }
    expect(count(SIGN_IN)).toBe(12);
    expect(refused.size).toBe(0);
  });

  test.each<{ about: string; answer: Scripted }>([
    { about: "401", answer: error(401, "Unauthorized") },
    { about: "401 without a body", answer: { status: 401 } },
    { about: "400", answer: error(400, "NotEmpty") },
    { about: "403", answer: { status: 403 } },
  ])("that gets $about is never repeated with this version of the secret", async ({ answer }) => {
    const { readTagIds, readPage, refused } = await given(inTurn({ [SIGN_IN]: [answer] }));

    await expect(readTagIds(["a1"])).rejects.toThrow("Evo Voice refused the sign-in with version v1 of the secret");
    await expect(readTagIds(["a1"])).rejects.toThrow("refused the sign-in");
    await expect(
      readPage({ query: { kind: "all", accountIds: ["a1"] }, page: 0, pageSize: 1, tagIds: new Map() }),
    ).rejects.toThrow("refused");
    expect(count(SIGN_IN)).toBe(1);
    expect([...refused]).toEqual(["v1"]);
  });

  test("that sets a cookie twice uses the last value, and no empty value", async () => {
    const cookies = [
      "ss-id=old; path=/; httponly",
      "ss-pid=p=1; path=/",
      "gone=; expires=Thu, 01 Jan 1970 00:00:00 GMT",
      "ss-id=new; path=/",
    ];
    const { readCustomer } = await given(
      inTurn({ [SIGN_IN]: [{ headers: { "set-cookie": cookies }, body: {} }], [GET]: [{ body: INFO }] }),
    );

    await readCustomer("c1");

    expect(received().at(-1)?.headers.cookie).toBe("ss-id=new; ss-pid=p=1");
  });

  test("whose sessions are all rejected is given up after five sessions, for all callers", async () => {
    const { readCustomer } = await given(({ path }) => (path === SIGN_IN ? undefined : { status: 401 }));

    const readings = await Promise.all(["c1", "c2", "c3"].map((id) => readCustomer(id)));

    for (const { reading } of readings) expect(reading).toBe("unreadable");
    expect(count(SIGN_IN)).toBeLessThanOrEqual(7);
  });
});

describe("a session that is renewed", () => {
  /** Signs in with a new cookie each time; a session lets in so many requests. */
  function dyingSessions(requestsEach: number): Script {
    let sessions = 0;
    const left = new Map<string, number>();
    return ({ path, headers: { cookie = "" } }) => {
      if (path === "/auth/credentials") {
        sessions += 1;
        left.set(`ss-id=${sessions}`, requestsEach);
        return { headers: { "set-cookie": `ss-id=${sessions}; path=/` }, body: {} };
      }
      const more = left.get(cookie) ?? 0;
      left.set(cookie, more - 1);
      return more > 0 ? { body: { ...INFO, id: path.split("/")[2] } } : { status: 401 };
    };
  }

  test("is used by all waiting requests: only one request got the 401", async () => {
    const { readCustomer } = await given(dyingSessions(10), { concurrency: 1 });
    const ids = Array.from({ length: 40 }, (_, index) => `c${index}`);

    const readings = await Promise.all(ids.map((id) => readCustomer(id)));

    for (const { reading } of readings) expect(reading).toBe("found");
    expect(count("/auth/credentials")).toBe(4);
    expect(received().length).toBe(40 + 4 + 3);
  });

  test("costs each request in flight one 401 at most", async () => {
    const { readCustomer } = await given(dyingSessions(25), { concurrency: 8 });
    const ids = Array.from({ length: 100 }, (_, index) => `c${index}`);

    await Promise.all(ids.map((id) => readCustomer(id)));

    expect(count("/auth/credentials")).toBe(4);
    expect(received().length).toBeLessThanOrEqual(100 + 4 + 3 * 8);
  });
});

test("a refused login is read again: a rotated secret signs in, the old version is not retried", async () => {
  const tried: unknown[] = [];
  let versionId = "v1";
  const refused = new Set<string>();
  const session = createSession({
    readLogin: async () => ({ userName: "operator", password: versionId, versionId }),
    findRefusal: async (version) => (refused.has(version) ? { at: "" } : undefined),
    rememberRefusal: async (version) => void refused.add(version),
    countUnclearSignIn: async () => 1,
    clearUnclearSignIns: async () => undefined,
    reportRefusal: () => undefined,
  });
  const caller: SignInCaller = {
    send: async ({ json }) => {
      const { password } = json as { readonly password: string };
      tried.push(password);
      if (password !== versionId) return { kind: "unauthenticated", status: 401 };
      return { kind: "ok", body: {}, cookies: [`ss-id=${password}`] };
    },
    log: { info: () => undefined },
  };
  const first = await session.getToken(caller);
  versionId = "v2";

  const second = await session.getToken(caller, first);

  expect([first, second].map(({ cookie }) => cookie)).toEqual(["ss-id=v1", "ss-id=v2"]);
  expect(tried).toEqual(["v1", "v1", "v2"]);
  expect([...refused]).toEqual(["v1"]);
});
