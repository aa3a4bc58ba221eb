import { describe, expect, test } from "../../../support/jest.ts";
import { error, FLIP, GET, INFO, inTurn, LOGIN, POST, SECRET_TEXT } from "../../../support/scripted-server.ts";
import { useScriptedServer } from "../../../support/use-scripted-server.ts";

const { count, given, received } = useScriptedServer();

describe("a request", () => {
  test("has Cutover's User-Agent, accepts JSON, sends all cookies and always has the flag", async () => {
    const { flip } = await given(inTurn({ [POST]: [{ body: { ...INFO, isStaging: false } }] }));

    await flip({ customerId: "c1", isStaging: false });

    const [signIn, post] = received();
    expect(signIn?.headers).toMatchObject({ accept: "application/json", "user-agent": "evovoice-cutover/0.1" });
    const { userName, password } = LOGIN;
    const credentials = { provider: "credentials", userName, password, rememberMe: true };
    expect(JSON.parse(signIn?.body ?? "")).toEqual(credentials);
    expect(post).toMatchObject({ method: "POST", path: POST, headers: { cookie: "ss-id=cookie-1; ss-opt=temp" } });
    expect(JSON.parse(post?.body ?? "")).toEqual({ customerId: "c1", isStaging: false });
  });

  test("quotes list items with separators, and encodes ids in a path", async () => {
    const odd = ["a,b", 'say "hi"', "[x]", "{y}", "plain", "ü/&?"];
    const { listCustomers, readCustomer } = await given(() => undefined);

    await listCustomers(odd);
    await readCustomer("ü/&?");

    const lists = received().filter(({ path }) => path === "/customers");
    expect(lists[0]?.query.get("specificIds")).toBe('"a,b","say ""hi""","[x]","{y}",plain,ü/&?');
    expect(received().at(-1)?.path).toBe("/customers/%C3%BC%2F%26%3F");
  });
});

describe("a server that asks to wait", () => {
  /** Reads twenty customers; the server refuses with `headers` as long as `isBusy` says. */
  async function readTwenty(headers: Readonly<Record<string, string>>, isBusy: (sinceFirstMs: number) => boolean) {
    let firstMs: number | undefined;
    const { readCustomer } = await given(
      ({ path, atMs }) => {
        if (!path.startsWith("/customers/")) return undefined;
        firstMs ??= atMs;
        return isBusy(atMs - firstMs) ? { status: 429, headers } : { body: { ...INFO, id: path.split("/")[2] } };
      },
      { concurrency: 1, retries: { mostBackoffMs: 8_000 } },
    );
    await Promise.all(Array.from({ length: 20 }, (_, index) => readCustomer(`c${index}`)));
    return received().flatMap(({ path, atMs }) => (path.startsWith("/customers/") ? atMs - (firstMs ?? 0) : []));
  }

  test("for a second makes every caller wait so long", async () => {
    const [, ...later] = await readTwenty({ "retry-after": "1" }, (sinceFirstMs) => sinceFirstMs === 0);

    expect(later).toHaveLength(20);
    for (const atMs of later) expect(atMs).toBeGreaterThan(950);
  });

  test("without a time for half a second gets few requests that it refuses", async () => {
    const requests = await readTwenty({}, (sinceFirstMs) => sinceFirstMs < 500);

    // At 0 and 0.2 seconds.
    expect(requests.length - 20).toBeLessThanOrEqual(2);
  });

  test("for an hour does not delay the end of a part: the flips are not begun", async () => {
    const { flip } = await given(inTurn({ [POST]: [{ status: 429, headers: { "retry-after": "3600" } }] }), {
      lastsMs: 300,
    });

    expect(await Promise.all([flip(FLIP), flip(FLIP)])).toEqual([{ result: "not begun" }, { result: "not begun" }]);
    expect(count(POST)).toBeLessThanOrEqual(2);
  });

  test("for ever uses no attempt: the flip is repeated until the part ends", async () => {
    const { flip } = await given(inTurn({ [POST]: [{ status: 429, headers: { "retry-after": "0" } }] }), {
      lastsMs: 300,
      retries: { attempts: 1 },
    });

    expect(await flip(FLIP)).toEqual({ result: "not begun" });
    expect(count(POST)).toBeGreaterThan(1);
  });
});

describe("the log", () => {
  test("has the version of the secret that signed in, and each renewed session", async () => {
    const { readCustomer, lines } = await given(inTurn({ [GET]: [{ status: 401 }, { body: INFO }] }));

    await readCustomer("c1");

    expect(lines).toEqual([
      { message: "signed in", versionId: LOGIN.versionId, sessions: 1 },
      { message: "session renewed", versionId: LOGIN.versionId, sessions: 2 },
    ]);
  });

  test("has a request without success, with its attempts and its last response", async () => {
    const { flip, lines } = await given(inTurn({ [POST]: ["drop"], [GET]: [error(500, "X")] }));

    await flip(FLIP);

    expect(lines).toContainEqual({
      ...{ message: "retries exhausted", operation: "reading", api: "GetCustomer", customerId: "c1" },
      ...{ attempts: 3, signedOut: 0, response: "server-error", status: 500 },
    });
    expect(lines).toContainEqual({
      ...{ message: "retries exhausted", operation: "flip", customerId: "c1" },
      ...{ attempts: 3, signedOut: 0, response: "lost", why: expect.stringMatching(/^\w+$/) },
    });
  });

  test("has no line for a request that is rejected at once or succeeds in the end", async () => {
    const { flip, lines } = await given(inTurn({ [POST]: [{ status: 403 }, "drop", { body: INFO }], [GET]: ["drop"] }));

    expect(await flip(FLIP)).toMatchObject({ result: "failed" });
    expect(await flip(FLIP)).toMatchObject({ result: "flipped" });

    expect(lines.filter((line) => JSON.stringify(line).includes('"flip"'))).toEqual([]);
  });

  test("contains no body, cookie or password", async () => {
    const { flip, lines } = await given(inTurn({ [POST]: [error(500, SECRET_TEXT)], [GET]: [{ body: SECRET_TEXT }] }));

    await flip(FLIP);

    expect(lines.length).toBeGreaterThanOrEqual(3);
    expect(JSON.stringify(lines)).not.toMatch(/hunter2|ss-id|cookie-1/);
  });
});
