import { describe, expect, test } from "@jest/globals";
import { FLIP, INFO, inTurn, LOGIN, POST } from "../../support/scripted-server.ts";
import { useScriptedServer } from "../../support/use-scripted-server.ts";

const { count, given, received } = useScriptedServer();

describe("a request", () => {
  test("says who asks, wants JSON, sends all cookies of the sign-in back and always the flag", async () => {
    const { flip } = await given(inTurn({ [POST]: [{ body: { ...INFO, isStaging: false } }] }));

    await flip({ customerId: "c1", isStaging: false });

    const [signIn, post] = received();
    expect(signIn?.headers).toMatchObject({ accept: "application/json", "user-agent": "evovoice-cutover/0.1" });
    expect(JSON.parse(signIn?.body ?? "")).toEqual({
      provider: "credentials",
      userName: LOGIN.userName,
      password: LOGIN.password,
      rememberMe: true,
    });
    expect(post).toMatchObject({ method: "POST", path: POST, headers: { cookie: "ss-id=cookie-1; ss-opt=temp" } });
    expect(JSON.parse(post?.body ?? "")).toEqual({ customerId: "c1", isStaging: false });
  });

  test("quotes items of a list that hold its marks, and encodes ids in a path", async () => {
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
  const EVERYTHING = Array.from({ length: 20 }, (_, index) => `c${index}`);

  test.each([
    { form: "seconds", value: () => "1", leastMs: 950 },
    { form: "a date", value: () => new Date(Math.ceil(Date.now() / 1000 + 1) * 1000).toUTCString(), leastMs: 950 },
  ])("in $form makes all callers wait, and nobody starts before", async ({ value, leastMs }) => {
    let toldAtMs: number | undefined;
    const { readCustomer } = await given(({ path, atMs }) => {
      if (!path.startsWith("/customers/")) return undefined;
      if (toldAtMs === undefined) {
        toldAtMs = atMs;
        return { status: 429, headers: { "retry-after": value() } };
      }
      return { body: { ...INFO, id: path.split("/")[2] } };
    });
    await readCustomer("c0");
    const startedAtMs = toldAtMs ?? 0;
    await Promise.all(EVERYTHING.map((id) => readCustomer(id)));

    const later = received().filter(({ path, atMs }) => path.startsWith("/customers/") && atMs > startedAtMs);
    expect(later.length).toBe(21);
    for (const { atMs } of later) expect(atMs - startedAtMs).toBeGreaterThan(leastMs);
  });

  test("for an hour does not hold a step beyond its end: nothing was begun", async () => {
    const { flip } = await given(inTurn({ [POST]: [{ status: 429, headers: { "retry-after": "3600" } }] }), {
      lastsMs: 300,
    });
    const startedMs = performance.now();

    expect(await Promise.all([flip(FLIP), flip(FLIP)])).toEqual([{ result: "not begun" }, { result: "not begun" }]);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    expect(count(POST)).toBeLessThanOrEqual(2);
  });

  test("for ever is not a failed try: the flip goes on until its time ends", async () => {
    const { flip } = await given(inTurn({ [POST]: [{ status: 429, headers: { "retry-after": "0" } }] }), {
      lastsMs: 1_000,
      retries: { attempts: 1 },
    });

    expect(await flip(FLIP)).toEqual({ result: "not begun" });
    expect(count(POST)).toBeGreaterThan(1);
  });
});
