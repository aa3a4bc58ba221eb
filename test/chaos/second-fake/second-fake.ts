import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { listenServerOnLoopback, readBody } from "../../../local/aws/loopback.ts";
import { ACCOUNTS, type FakeCustomer, flagAt, makeCustomer, makeCustomers, tagsOf } from "./customers.ts";
import { createDraws } from "./draws.ts";
import type { Misbehaviour } from "./misbehaviours.ts";

export interface SecondFakeOptions {
  readonly seed: number;
  readonly misbehaviours: readonly Misbehaviour[];
  /** The clock of every lag; a test moves it on when it skips a wait. */
  readonly nowMs: () => number;
  /** When the client under test gives a request up, in milliseconds of the real clock. */
  readonly clientTimeoutMs: number;
  /** The flag that the first event will want. */
  readonly wanted: boolean;
  readonly customers: number;
}

export interface Post {
  readonly customerId: string;
  readonly flag: boolean;
  readonly atMs: number;
  readonly accountId: string;
}

/** An Evo Voice on loopback, written from the description of the API alone, without a look at the emulator. */
export interface SecondFake {
  readonly address: string;
  readonly login: { readonly userName: string; readonly password: string };
  /** Every customer that ever existed. */
  readonly customers: readonly FakeCustomer[];
  /** Every request to set a flag, in order. */
  readonly posts: readonly Post[];
  /** Called with the number of requests to set a flag, before each is answered. */
  onPost: (count: number) => void | Promise<void>;
  countRequests(): Readonly<Record<"all" | "signIns" | "throttled" | "unusedSessions", number>>;
  close(): Promise<void>;
}

interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string | string[]>>;
}
/** The connection ends without an answer, or no answer comes. */
type Answer = Reply | "drop" | "hang";

const REFUSALS = [400, 403, 404, 405, 409, 410, 412, 418, 422] as const;
const TROUBLES = [500, 502, 503, 504] as const;
const RETRY_AFTER = ["0", "-1", "soon", "", "0.2", "Thu, 01 Jan 1970 00:00:00 GMT", ["0", "0"], ["1", "1"], "1"];
/** How a server in trouble answers a sign-in that is right. */
const SIGN_IN_TROUBLES: readonly Answer[] = [
  ...[500, 502, 403, 404].map((status) => ({ status })),
  { status: 503, headers: { "content-type": "text/html" }, body: "<h1>Maintenance</h1>" },
  { status: 302, headers: { location: "/maintenance" } },
  { status: 200, body: { userId: "1" } },
];

export async function startSecondFake(options: SecondFakeOptions): Promise<SecondFake> {
  const { seed, misbehaviours, nowMs, clientTimeoutMs, wanted } = options;
  const draws = createDraws(seed);
  const does = (misbehaviour: Misbehaviour, share: number, key: string) =>
    misbehaviours.includes(misbehaviour) && draws.chance(share, `${misbehaviour} ${key}`);
  const customers = makeCustomers(draws, options.customers, wanted);
  /** As a list shows them; another client removes some and puts others in anywhere. */
  const rows = [...customers];
  const login = { userName: "operator@example.com", password: `pass ${seed} word` };
  const sessions = new Set<string>();
  const posts: Post[] = [];
  /** `unusedSessions`: the most sessions in a row that ended before a request to set a flag was let in. */
  const counts = { all: 0, signIns: 0, throttled: 0, unusedSessions: 0 };
  let unusedInARow = 0;
  const lagMs = misbehaviours.includes("reads-lag") ? draws.between(200, 6_000, "lag") : 0;
  let throttledUntil: number | undefined;
  let signInDownUntil = 0;

  function signIn(body: Readonly<Record<string, unknown>>): Answer {
    counts.signIns += 1;
    if (nowMs() < signInDownUntil) return draws.pick(SIGN_IN_TROUBLES, `sign-in ${counts.signIns}`);
    if (!body.userName || !body.password) return error(400, "ArgumentException", "empty");
    if (body.userName !== login.userName || body.password !== login.password)
      return error(401, "Unauthorized", "Invalid Username or Password");
    const [temporary, permanent] = [`t${seed}n${counts.signIns}`, `p${seed}n${counts.signIns}`];
    sessions.add(permanent);
    const cookies = [`ss-id=${temporary}`, `ss-pid=${permanent}`, "ss-opt=perm", "X-UAId=1"];
    const user = { userId: "1", userName: login.userName, displayName: "Operator", roles: ["Manager"] };
    return {
      status: 200,
      body: { ...user, sessionId: permanent },
      headers: { "set-cookie": cookies.map((cookie) => `${cookie}; path=/; HttpOnly`) },
    };
  }

  function isSignedIn({ headers: { cookie = "" } }: IncomingMessage): boolean {
    const cookies = new Map(cookie.split("; ").map((one) => one.split("=", 2) as [string, string]));
    return cookies.get("ss-opt") === "perm" && sessions.has(cookies.get("ss-pid") ?? "");
  }

  function findThrottling(): Answer | undefined {
    if (misbehaviours.includes("throttled-for-a-while") && posts.length >= 5) throttledUntil ??= nowMs() + 4_800;
    const isThrottled = does("throttled", 0.1, `${counts.all}`) || nowMs() < (throttledUntil ?? 0);
    if (!isThrottled) return undefined;
    counts.throttled += 1;
    const key = misbehaviours.includes("throttled-for-a-while") ? "retry-after" : `retry-after ${counts.all}`;
    return { status: 429, headers: { "retry-after": draws.pick(RETRY_AFTER, key) } };
  }

  /** What another client does while a list is read. */
  function disturb(request: number): void {
    const atMs = nowMs();
    const isSwap = does("swapped", 0.3, `${request}`);
    const victim = rows[Math.floor(draws.part(`victim ${request}`) * rows.length)];
    const isInserted = does("created-anywhere", 0.5, `${request}`);
    if (does("created", 0.5, `${request}`) || isInserted || isSwap) {
      const one = makeCustomer(draws, customers.length, wanted);
      one.change = { kind: "created", atMs };
      customers.push(one);
      rows.splice(isInserted ? Math.floor(draws.part(`where ${request}`) * rows.length) : rows.length, 0, one);
    }
    if (victim === undefined) return;
    if (does("deleted", 0.3, `${request}`) || isSwap) {
      victim.change = { kind: "deleted", atMs };
      rows.splice(rows.indexOf(victim), 1);
    } else if (does("moved", 0.3, `${request}`)) {
      victim.accountId = victim.accountId === ACCOUNTS[0] ? ACCOUNTS[1] : ACCOUNTS[0];
      // Tags belong to an account: the new one has others of the same names.
      const names = new Set(victim.tags.map(({ name }) => name));
      victim.tags = tagsOf(victim.accountId).filter(({ name }) => names.has(name));
      victim.change = { kind: "moved", atMs };
    }
  }

  function toInfo(customer: FakeCustomer, isStaging: boolean) {
    const { id, name, accountId, referenceId, parentCustomerId, tags } = customer;
    const parent = customers.find((other) => other.id === parentCustomerId);
    const breadcrumb = [parent, customer].flatMap((one) => (one ? [{ id: one.id, name: one.name }] : []));
    const place = { accountId, parentCustomerId, breadcrumb };
    return { id, dateCreated: "/Date(1700000000000+0000)/", ...place, isStaging, name, referenceId, tags };
  }

  const read = (customer: FakeCustomer) => toInfo(customer, flagAt(customer, nowMs() - lagMs));

  function list(query: ReadonlyMap<string, string>): Answer {
    const listOf = (name: string) => splitList(query.get(name) ?? "");
    const [accounts, ids, tags] = [listOf("accountids"), listOf("specificids"), listOf("tagids")];
    const parents = listOf("parentcustomerids");
    if (ids.length === 0) disturb(counts.all);
    const found = rows.filter(
      (one) =>
        (accounts.length === 0 || accounts.includes(one.accountId)) &&
        (ids.length === 0 || ids.includes(one.id)) &&
        tags.every((tag) => one.tags.some(({ id }) => id === tag)) &&
        (parents.length === 0 || parents.includes(one.parentCustomerId ?? "")),
    );
    const size = query.get("all") === "true" ? Infinity : Math.min(Number(query.get("countperpage") ?? 25), 100);
    const page = Number(query.get("page") ?? 0);
    const items = size === Infinity ? found : found.slice(page * size, (page + 1) * size);
    const isBare = items.length === 0 && misbehaviours.includes("empty-without-items");
    const paging =
      query.get("simplifiedpaging") === "true"
        ? { hasMorePages: (page + 1) * size < found.length }
        : { totalCount: found.length, totalPages: Math.ceil(found.length / size) };
    return { status: 200, body: { ...(!isBare && { items: items.map(read) }), ...paging } };
  }

  async function setFlag(customer: FakeCustomer, body: Readonly<Record<string, unknown>>): Promise<Answer> {
    const { id, writes } = customer;
    const flag = body.isStaging === true;
    const atMs = nowMs();
    unusedInARow = 0;
    posts.push({ customerId: id, flag, atMs, accountId: customer.accountId });
    const nth = `${id} ${posts.filter(({ customerId }) => customerId === id).length}`;
    await fake.onPost(posts.length);
    const reply = { status: 200, body: toInfo(customer, flag) };
    if (does("not-applied", 0.05, id) || does("not-applied", 0.05, nth)) return reply;
    if (does("write-after-timeout", 0.1, nth) || does("writes-hang", 0.6, nth)) {
      writes.push({ flag, landsAtMs: atMs + clientTimeoutMs + draws.between(0, 5_000, `late ${nth}`) });
      return "hang";
    }
    const lastMs = writes.at(-1)?.landsAtMs ?? 0;
    const delayMs = draws.between(100, 2_000, `delay ${nth}`);
    if (does("writes-overtake", 0.5, nth)) writes.push({ flag, landsAtMs: atMs + delayMs });
    else if (does("writes-late", 0.8, nth)) writes.push({ flag, landsAtMs: Math.max(lastMs, atMs + delayMs) });
    else writes.push({ flag, landsAtMs: atMs });
    if (does("done-but-4xx", 0.15, nth)) return error(draws.pick(REFUSALS, nth), "Refused", "refused");
    if (does("done-but-5xx", 0.15, nth)) return error(draws.pick(TROUBLES, nth), "Exception", "trouble");
    return does("done-but-dropped", 0.15, nth) ? "drop" : reply;
  }

  async function answer(request: IncomingMessage, body: Readonly<Record<string, unknown>>): Promise<Answer> {
    counts.all += 1;
    const url = new URL(request.url ?? "/", "http://fake");
    const query = new Map([...url.searchParams].map(([name, value]) => [name.toLowerCase(), value]));
    const route = `${request.method} ${url.pathname.toLowerCase()}`;
    if (/^curl|^$/.test(request.headers["user-agent"] ?? "")) return { status: 403 };
    if (!request.headers.accept?.includes("application/json")) return { status: 302, headers: { location: "/login" } };
    if (route === "POST /auth/credentials") return signIn(body);
    if (route === "GET /auth/status") return { status: 200, body: { isAuthenticated: isSignedIn(request) } };
    if (does("sessions-end", 0.02, `${counts.all}`) && sessions.size > 0) {
      sessions.clear();
      unusedInARow += 1;
      counts.unusedSessions = Math.max(counts.unusedSessions, unusedInARow);
    }
    if (signInDownUntil === 0 && posts.length >= 10 && misbehaviours.includes("sign-in-down")) {
      sessions.clear();
      signInDownUntil = nowMs() + 200;
    }
    const isForbidden =
      route.endsWith("/staging") && misbehaviours.includes("writes-unauthorized") && posts.length >= 10;
    if (isForbidden || !isSignedIn(request))
      return { status: 401, headers: { "www-authenticate": 'credentials realm="/auth"' } };
    const throttling = findThrottling();
    if (throttling !== undefined) return throttling;
    if (route === "GET /customers") return list(query);
    if (route === "GET /system/settings") {
      const accountId = misbehaviours.includes("settings-of-one-account") ? undefined : query.get("accountid");
      return { status: 200, body: { tags: tagsOf(accountId ?? ACCOUNTS[0]), overrideSystemTime: false } };
    }
    const [, id, staging] = /^\/customers\/([^/]+)(\/staging)?$/i.exec(url.pathname) ?? [];
    const customer = rows.find((one) => one.id === decodeURIComponent(id ?? ""));
    if (id !== undefined && customer === undefined)
      return error(draws.pick([404, 400, 500], "missing"), "NotFound", "no such customer");
    if (customer === undefined) return { status: 404 };
    if (staging !== undefined) return request.method === "POST" ? setFlag(customer, body) : { status: 405 };
    return request.method === "GET" ? { status: 200, body: read(customer) } : { status: 405 };
  }

  const server = createServer(async (request, response) => {
    const text = await readBody(request);
    const given = await answer(request, text === "" ? {} : JSON.parse(text));
    send(response, given, misbehaviours.includes("gzip-unasked"));
  });
  const { address, close } = await listenServerOnLoopback(server);
  const fake: SecondFake = {
    address,
    login,
    customers,
    posts,
    onPost: () => undefined,
    countRequests: () => counts,
    close,
  };
  return fake;
}

function error(status: number, errorCode: string, message: string): Answer {
  return { status, body: { responseStatus: { errorCode, message } } };
}

/** The items of a ServiceStack list: an item in quotes may hold commas, and doubled quotes. */
function splitList(text: string): string[] {
  const items = text.match(/"(?:[^"]|"")*"|[^,]+/g) ?? [];
  return items.map((item) => (item.startsWith('"') ? item.slice(1, -1).replaceAll('""', '"') : item));
}

function send(response: ServerResponse, answer: Answer, isGzipped: boolean): void {
  if (answer === "hang") return;
  if (answer === "drop") {
    response.destroy();
    return;
  }
  const { status, body, headers = {} } = answer;
  const isGzippedBody = isGzipped && body !== undefined;
  const encoding = isGzippedBody && { "content-encoding": "gzip" };
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...encoding, ...headers });
  const text = typeof body === "string" ? body : JSON.stringify(body);
  response.end(isGzippedBody ? gzipSync(text ?? "") : text);
}
