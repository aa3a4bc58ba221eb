import type { SignInEnd, SignInRuling } from "../../../../lambda/core/sign-in.ts";
import { classify } from "../../../../lambda/evovoice/response.ts";
import { createSession, type SignInCaller } from "../../../../lambda/evovoice/session.ts";
import { findCookieHeader } from "../../../../lambda/evovoice/session-cookies.ts";
import { describe, expect, test } from "../../../support/jest.ts";
import { INFO, type Script } from "../../../support/scripted-server.ts";
import { useScriptedServer } from "../../../support/use-scripted-server.ts";

const { count, given, received } = useScriptedServer();

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

const WELCOME: Answer = { status: 200, headers: { "set-cookie": "ss-id=1; path=/" }, body: {} };

/** A session whose server gives these answers in turn, with a ledger that lets each sign-in begin unless it is told otherwise. */
function aSession(answers: readonly (Answer | { readonly why: string })[], rulings: readonly SignInRuling[] = []) {
  const noted = { ends: [] as string[], tried: [] as unknown[], waits: [] as string[], refusals: [] as string[] };
  const left = [...rulings];
  const versions = ["v1"];
  const session = createSession({
    readLogin: async () => {
      const [versionId = "v1"] = versions.slice(-1);
      return { userName: "operator", password: `of ${versionId}`, versionId };
    },
    beginSignIn: async () => left.shift() ?? { kind: "may begin", atMs: 1 },
    endSignIn: async (versionId, _atMs, end: SignInEnd) => void noted.ends.push(`${versionId} ${end}`),
    countRefusal: () => void noted.refusals.push("counted"),
  });
  const caller: SignInCaller = {
    inTurn: (use) =>
      use(async ({ json }) => {
        noted.tried.push((json as { readonly password: string }).password);
        const answer = answers[noted.tried.length - 1] ?? WELCOME;
        if ("why" in answer) return { kind: "lost", why: answer.why };
        const { status, headers = { "content-type": "application/json" }, body } = answer;
        const text = typeof body === "string" ? body : (JSON.stringify(body) ?? "");
        return classify(new Response(null, { status, headers }), text);
      }),
    wait: async () => void noted.waits.push("wait"),
    backOff: async (tries) => void noted.waits.push(`back off ${tries}`),
    log: {
      info: (message, { versionId }) => {
        if (message === "sign-in refused") noted.refusals.push(String(versionId));
      },
    },
  };
  return { ...noted, signIn: () => session.getToken(caller), rotate: (version: string) => void versions.push(version) };
}

const ofService = (errorCode: string) => ({ responseStatus: { errorCode, message: "…" } });

describe("a sign-in", () => {
  test.each<[about: string, end: SignInEnd, answer: Answer | { readonly why: string }]>([
    ["500 of the service", "unclear", { status: 500, body: ofService("UnauthorizedException") }],
    ["502", "unclear", { status: 502 }],
    ["403 without a responseStatus", "unclear", { status: 403, body: "Forbidden" }],
    ["400 without a responseStatus", "unclear", { status: 400 }],
    ["404", "unclear", { status: 404, body: ofService("NotFound") }],
    ["a page", "unclear", { status: 200, headers: { "content-type": "Text/HTML" }, body: "<p>" }],
    ["a redirect", "unclear", { status: 302, headers: { location: "/maintenance" } }],
    ["200 without a cookie", "unclear", { status: 200, body: { userId: "1" } }],
    ["a dropped connection", "unclear", { why: "ECONNRESET" }],
    ["a refused connection", "unseen", { why: "ECONNREFUSED" }],
    ["429", "unseen", { status: 429 }],
    ["503", "unseen", { status: 503, headers: { "content-type": "text/html" }, body: "<h1>Maintenance</h1>" }],
  ])("that gets %s meets a server in trouble: %s, and tried again", async (_about, end, answer) => {
    const { signIn, ends, waits, refusals } = aSession([answer, answer]);

    expect(await signIn()).toMatchObject({ cookie: "ss-id=1" });
    expect(ends).toEqual([`v1 ${end}`, `v1 ${end}`, "v1 accepted"]);
    expect(waits).toEqual(["back off 1", "back off 2"]);
    expect(refusals).toEqual([]);
  });

  test.each<[about: string, answer: Answer]>([
    ["401", { status: 401 }],
    ["400 of the service", { status: 400, body: ofService("NotEmpty") }],
    ["403 of the service", { status: 403, body: ofService("Forbidden") }],
  ])("that gets %s is refused", async (_about, answer) => {
    const { signIn, ends, refusals } = aSession([answer]);

    await expect(signIn()).rejects.toThrow(
      /^Evo Voice refused the sign-in with version v1 of the secret .*try the login again$/,
    );
    expect(ends).toEqual(["v1 refused"]);
    expect(refusals).toEqual(["v1", "counted"]);
  });

  test("is not sent while the ledger says that it is too soon, or that this version was refused", async () => {
    const soon = aSession([], [{ kind: "too soon", untilMs: Date.now() + 1_000 }]);
    await soon.signIn();
    expect(soon.waits).toEqual(["wait"]);

    const refused = aSession([], [{ kind: "refused" }]);
    await expect(refused.signIn()).rejects.toThrow("Evo Voice refused the sign-in with version v1");
    expect(refused.tried).toEqual([]);
  });

  test("that five tries of a day left unclear says what came, and until when it is not tried", async () => {
    const rulings: SignInRuling[] = [
      { kind: "may begin", atMs: 1 },
      { kind: "spent", untilMs: 0 },
    ];
    const { signIn, tried } = aSession([{ status: 404 }], rulings);

    const why = { code: "request-refused", operation: "sign-in", status: 404 };
    await expect(signIn()).rejects.toMatchObject({
      reasons: [{ code: "sign-in-unclear", versionId: "v1", tries: 5, until: "1970-01-01T00:00:00.000Z", why }],
      message: expect.stringMatching(/the last: .*see whether the policy's baseUrl .*try the login again$/),
    });
    expect(tried).toHaveLength(1);
  });

  test("with a login that was rotated out takes the new one", async () => {
    const { signIn, rotate, tried, ends, refusals } = aSession([{ status: 401 }]);
    const signingIn = signIn();
    rotate("v2");

    expect(await signingIn).toMatchObject({ cookie: "ss-id=1" });
    expect(tried).toEqual(["of v1", "of v2"]);
    expect(ends).toEqual(["v1 refused", "v2 accepted"]);
    expect(refusals).toEqual([]);
  });
});

test.each<[about: string, cookies: readonly string[], header: string | undefined]>([
  ["the last of two", ["ss-id=old; path=/; httponly", "ss-pid=p=1", "ss-id=new"], "ss-id=new; ss-pid=p=1"],
  ["spaces", [" ss-id = a b ; path=/", "ss-pid= p"], "ss-id=a b; ss-pid=p"],
  ["an empty value", ["ss-id=1", "ss-pid=; path=/"], "ss-id=1"],
  ["a cleared one", ["ss-id=1", "ss-id=deleted; Expires=Thu, 01-Jan-1970 00:00:01 GMT; Max-Age=0"], undefined],
  ["the past", ["ss-id=1; expires=Thu, 01 Jan 1970 00:00:00 GMT", "ss-pid=2; Max-Age=0"], undefined],
  ["the future", ["ss-id=1; expires=Fri, 01 Jan 2100 00:00:00 GMT", "ss-pid=2; max-age=60"], "ss-id=1; ss-pid=2"],
  ["no cookie", ["; path=/"], undefined],
])("the cookies of a sign-in with %s", (_about, cookies, header) => {
  expect(findCookieHeader(cookies)).toBe(header);
});

test("a session that no fresh sign-in helps ends the part with what to check", async () => {
  const { readCustomer } = await given(({ path }) => (path === "/auth/credentials" ? undefined : { status: 401 }));

  await expect(Promise.all(["c1", "c2", "c3"].map((id) => readCustomer(id)))).rejects.toThrow(
    "Evo Voice accepted the sign-in, and answered GetCustomer with 401 in each fresh session",
  );
  expect(count("/auth/credentials")).toBe(3);
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

  test.each([
    { when: "all waiting requests: only one got the 401", concurrency: 1, requests: 40, each: 10, refused: 3 },
    { when: "all in flight: each got one 401 at most", concurrency: 8, requests: 60, each: 15, refused: 3 * 8 },
  ])("is used by $when", async ({ concurrency, requests, each, refused }) => {
    const { readCustomer } = await given(dyingSessions(each), { concurrency });

    const readings = await Promise.all(Array.from({ length: requests }, (_, index) => readCustomer(`c${index}`)));

    expect(readings.filter(({ reading }) => reading === "found")).toHaveLength(requests);
    expect(count("/auth/credentials")).toBe(4);
    expect(received().length).toBeLessThanOrEqual(requests + 4 + refused);
  });
});
