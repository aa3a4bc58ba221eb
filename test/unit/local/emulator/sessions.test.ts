import { type Emulator, startEmulator } from "../../../../local/emulator/emulator.ts";
import { afterEach, beforeEach, expect, test } from "../../../support/jest.ts";
import { browse, getFirst, signIn, toBasic } from "./browse.ts";

let emulator: Emulator;

beforeEach(async () => {
  emulator = await startEmulator({ customers: 20 });
});

afterEach(() => emulator.close());

test("a sign-in answers with the user and the four cookies of ServiceStack", async () => {
  const { status, body, headers } = await signIn(emulator);
  expect(status).toBe(200);
  expect(body).toMatchObject({ userName: emulator.userName, roles: ["SystemAdministrator"], permissions: [] });
  const cookies = headers.getSetCookie();
  expect(cookies.map((cookie) => cookie.split("=")[0])).toEqual(["ss-id", "ss-pid", "ss-opt", "X-UAId"]);
  expect(cookies.join()).toContain(body.sessionId as string);
});

test("a request needs cookies, and is refused with an empty body without them", async () => {
  const { cookie } = await signIn(emulator);
  expect((await browse(emulator, "/customers", { headers: { cookie, authorization: "" } })).status).toBe(200);
  const refused = await browse(emulator, "/customers", { headers: { authorization: "" } });
  expect(refused).toMatchObject({ status: 401, text: "" });
  expect(refused.headers.get("www-authenticate")).toContain("realm");
});

test("a new sign-in has new session ids and ends the session of its request", async () => {
  const first = await signIn(emulator);
  const second = await signIn(emulator, { cookie: first.cookie });
  expect(second.cookie).not.toBe(first.cookie);
  const status = async (cookie: string): Promise<number> =>
    (await browse(emulator, "/customers", { headers: { cookie, authorization: "" } })).status;
  expect(await status(first.cookie)).toBe(401);
  expect(await status(second.cookie)).toBe(200);
});

test("signing out and ended sessions both lead to 401", async () => {
  const { cookie } = await signIn(emulator);
  const headers = { cookie, authorization: "" };
  expect((await browse(emulator, "/auth/logout", { method: "POST", headers })).status).toBe(200);
  expect((await browse(emulator, "/customers", { headers })).status).toBe(401);
  const again = await signIn(emulator);
  emulator.endSessions();
  expect((await browse(emulator, "/customers", { headers: { cookie: again.cookie, authorization: "" } })).status).toBe(
    401,
  );
  expect(emulator.stats()).toMatchObject({ signIns: 2, refusedSignIns: 0, refused401: 2 });
});

test("a wrong password is refused with a responseStatus, an empty password is a bad request", async () => {
  const wrong = await signIn(emulator, { password: "wrong" });
  expect(wrong.status).toBe(401);
  expect(wrong.body).toEqual({
    responseStatus: { errorCode: "Unauthorized", message: "Invalid Username or Password", errors: [] },
  });
  const empty = await signIn(emulator, { password: "" });
  expect(empty.status).toBe(400);
  expect(empty.body).toMatchObject({ responseStatus: { errors: [{ fieldName: "Password" }] } });
  expect(emulator.stats().refusedSignIns).toBe(1);
});

test("five refused sign-ins lock the user until the password changes", async () => {
  for (let attempt = 0; attempt < 5; attempt++) await signIn(emulator, { password: "wrong" });
  const locked = await signIn(emulator);
  expect(locked.body).toMatchObject({ responseStatus: { message: "User Account Locked" } });
  emulator.setPassword('new: "pä55"');
  expect((await signIn(emulator)).status).toBe(401);
  expect((await signIn(emulator, { password: 'new: "pä55"' })).status).toBe(200);
});

test("HTTP Basic works on each request, with any password", async () => {
  emulator.setPassword('a:b"ü');
  const authorization = toBasic({ userName: emulator.userName, password: 'a:b"ü' });
  expect((await browse(emulator, "/customers", { headers: { authorization } })).status).toBe(200);
  expect((await browse(emulator, "/customers")).status).toBe(401);
  expect(emulator.stats()).toMatchObject({ signIns: 0, refusedSignIns: 1 });
});

test("a manager sees one account, and an agent gets 403 with an empty body", async () => {
  const as = (userName: string, path: string): ReturnType<typeof browse> =>
    browse(emulator, path, { headers: { authorization: toBasic({ userName, password: emulator.password }) } });
  expect((await as("manager@evovoice.example", "/customers")).body).toMatchObject({ totalCount: 20 });
  expect((await browse(emulator, "/customers")).body).toMatchObject({ totalCount: 30 });
  const foreign = [...emulator.customers()].find(({ accountId }) => accountId === emulator.otherAccountId);
  expect((await as("manager@evovoice.example", `/customers/${foreign?.id}`)).status).toBe(404);
  expect(await as("agent@evovoice.example", "/customers")).toMatchObject({ status: 403, text: "" });
});

test("a session ends after the fault's number of calls", async () => {
  emulator.setFaults("session-death=3");
  const { cookie } = await signIn(emulator);
  const statuses: number[] = [];
  for (let call = 0; call < 4; call++) {
    statuses.push(
      (await browse(emulator, `/customers/${getFirst(emulator)}`, { headers: { cookie, authorization: "" } })).status,
    );
  }
  expect(statuses).toEqual([200, 200, 200, 401]);
});

test.each(["wrong-password", "locked-account", "sign-in-5xx"])("every sign-in fails under %s", async (fault) => {
  emulator.setFaults(fault);
  const { status, cookie } = await signIn(emulator);
  expect(status).toBe(fault === "sign-in-5xx" ? 503 : 401);
  expect(cookie).toBe("");
});
