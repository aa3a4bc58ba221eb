import type { Reason } from "../../../lambda/core/reasons.ts";
import type { EmulatedCustomer } from "../../../local/emulator/emulated-customer.ts";
import { afterEach, describe, expect, test } from "../../support/jest.ts";
import { startRewritingProxy } from "../../support/rewriting-proxy.ts";
import { expectTrueOutcomes, expectUntouched, rememberFlags } from "../../support/truth.ts";
import { type Run, readOutcomes, startWorld, type World, type WorldOptions } from "../../support/world.ts";

let world: World;

afterEach(() => world.close());

async function given(options: Partial<WorldOptions> = {}): Promise<World> {
  world = await startWorld({ customers: 300, stagingShare: 0.1, ...options });
  return world;
}

type Event = Readonly<Record<string, unknown>>;
type Customers = readonly EmulatedCustomer[];

function customers({ emulator }: World): Customers {
  return [...emulator.customers()];
}

function ours(of: World): Customers {
  return customers(of).filter(({ accountId }) => accountId === of.emulator.accountId);
}

/** Promotes these targets, and expects the ledger to tell the truth about exactly these customers. A skip of a named one makes it partial. */
async function expectPromoted(event: Event, planned: Customers, policy: Event = {}): Promise<Run> {
  const before = rememberFlags(world);
  const run = await world.run({ action: "promote", release: "2026.11", ...event }, policy);
  expect(run.report).toMatchObject({
    status: run.report.namedSkipped === undefined ? "succeeded" : "partial",
    counts: { flipped: planned.filter(({ isStaging }) => isStaging).length, failed: 0 },
  });
  const ids = new Set(planned.map(({ id }) => id));
  await expectTrueOutcomes(world, run.report, { before, planned: ids });
  return run;
}

/** Promotes these targets, and expects a refusal with no customer flipped. */
async function expectRefused(event: Event, problem: object, policy: Event = {}): Promise<void> {
  const before = rememberFlags(world);
  const { report } = await world.run({ action: "promote", release: "2026.11", ...event }, policy);
  expect(report).toMatchObject({ status: "refused", problems: [problem] });
  expectUntouched(world, before);
  expect(world.emulator.stats().requests.SetCustomerStagingMode).toBeUndefined();
}

const ALL = { targets: { all: true } };

describe("a listing that lies is complete or refused, never short", () => {
  // The seed decides which pages lie; where one of the two passes shows as many as are counted, the lookup is complete.
  test.each([
    { faults: "shifting-rows=2%", seed: 6, lies: 1, ends: "complete" },
    { faults: "shifting-rows=30%", seed: 1, lies: 8, ends: "refused" },
    { faults: "repeat-page=20%", seed: 1, lies: 5, ends: "refused" },
    { faults: "moving-total=20%", seed: 2, lies: 7, ends: "complete" },
  ])("$lies pages of $faults (seed $seed): $ends", async ({ faults, seed, lies, ends }) => {
    await given({ faults, seed, policy: { pageSize: 25 } });
    const all = ours(world);
    if (ends === "complete") await expectPromoted(ALL, all);
    else await expectRefused(ALL, INCOMPLETE);
    expect(Object.values(world.emulator.stats().faults)).toEqual([lies]);
  });

  const SEEN = [1, 2].map(
    (pass) =>
      `pass ${pass} saw \\d+ customers where Evo Voice counts \\d+(, then \\d+)?( and its pages repeat themselves without an end)?`,
  );
  const INCOMPLETE = { code: "incomplete-lookup", seen: expect.stringMatching(new RegExp(`^${SEEN.join("; ")}$`)) };

  test("a page that is always the one before", async () => {
    await given({ faults: "repeat-page", policy: { pageSize: 25 } });
    await expectPromoted(ALL, ours(world));
  });

  test("a count that is too high is refused with what was seen", async () => {
    await given({ faults: "wrong-total=+3" });
    await expectRefused(ALL, {
      code: "incomplete-lookup",
      seen: "pass 1 saw 300 customers where Evo Voice counts 303; pass 2 saw 300 customers where Evo Voice counts 303",
    });
  });

  test("a count that is far too low hides no customer", async () => {
    await given({ faults: "wrong-total=-1000000" });
    await expectPromoted(ALL, ours(world));
  });

  test("pages of 7 customers, whatever is asked for", async () => {
    await given({ customers: 120, faults: "page-cap=7" });
    await expectPromoted(ALL, ours(world));
  });

  test("filters that are ignored: all customers are listed, and only the targets are flipped", async () => {
    await given({ faults: "ignored-filters" });
    const all = ours(world);
    // Customers of the other account have the same reference ids.
    const referenceIds = all.slice(0, 9).map(({ referenceId }) => referenceId);
    const [{ id: parentCustomerId, descendants }] = grandparents();
    const planned = new Set([...all.slice(0, 9), ...descendants]);
    for (const each of all) if (each.tagNames.includes("wholesale")) planned.add(each);
    await expectPromoted({ targets: [{ tags: ["wholesale"] }, { referenceIds }, { parentCustomerId }] }, [...planned]);
  });
});

describe("a server that", () => {
  type List = { items: unknown[]; totalCount?: number; totalPages?: number };

  /** Changes every list of customers but those that name ids. */
  async function givenLists(rewrite: (list: List) => Partial<List>, faults = ""): Promise<Event> {
    await given({ faults });
    proxy = await startRewritingProxy(world.emulator.address, (url, body) =>
      url.startsWith("/customers?account") ? JSON.stringify(rewrite(JSON.parse(body) as List)) : body,
    );
    return { baseUrl: proxy.address };
  }

  let proxy: Awaited<ReturnType<typeof startRewritingProxy>> | undefined;
  afterEach(async () => proxy?.close());

  test("sends each page twice in its first pass, and is honest in the second, is complete", async () => {
    await given({ customers: 110 });
    let passes = 0;
    let before: string | undefined;
    proxy = await startRewritingProxy(world.emulator.address, (url, body) => {
      if (!url.startsWith("/customers?account")) return body;
      if (new URL(url, "http://loopback").searchParams.get("page") === "0") passes += 1;
      const told = passes === 1 ? (before ?? body) : body;
      before = before === undefined ? body : undefined;
      return told;
    });
    await expectPromoted(ALL, ours(world), { baseUrl: proxy.address, pageSize: 10, concurrency: 1 });
    // Two of the lookup, and one at the end of the rollout.
    expect(passes).toBe(3);
  });

  test.each<{ how: string; faults?: string; rewrite: (list: List) => Partial<List> }>([
    {
      how: "gives no counts and counts its pages from 1",
      faults: "one-based-pages",
      rewrite: ({ items }) => ({ items }),
    },
    { how: "counts its pages from 1", faults: "one-based-pages", rewrite: (list) => list },
    {
      how: "leaves out the items of an empty list",
      rewrite: ({ items, ...counts }) => (items.length === 0 ? counts : { items, ...counts }),
    },
  ])("$how is read until a page is empty", async ({ rewrite, faults }) => {
    const policy = await givenLists(rewrite, faults);
    await expectPromoted(ALL, ours(world), policy);
  });

  test("gains a customer with each page is read, and every customer of its beginning is flipped", async () => {
    const policy = await givenLists((list) => {
      world.emulator.addCustomer({ isStaging: true });
      return list;
    });
    const all = ours(world);
    const { report } = await world.run({ action: "promote", release: "2026.11", ...ALL }, policy);
    expect(report.counts).toMatchObject({ failed: 0 });
    for (const { id } of all) expect(world.emulator.customer(id)?.isStaging).toBe(false);
  });

  test.each([
    { about: "with its counts", counts: { totalCount: 300, totalPages: 3 }, seen: "300" },
    { about: "with counts of nothing", counts: { totalCount: 0, totalPages: 0 }, seen: "0" },
  ])("gives its first page for ever, $about, is refused", async ({ counts, seen }) => {
    let first: List | undefined;
    const policy = await givenLists((list) => {
      first ??= { items: list.items, ...counts };
      return first;
    });
    await expectRefused(
      ALL,
      {
        code: "incomplete-lookup",
        seen: expect.stringContaining(
          `pass 2 saw 100 customers where Evo Voice counts ${seen} and its pages repeat themselves without an end`,
        ),
      },
      policy,
    );
  });

  test("shows an id that is too long to be one is refused", async () => {
    const policy = await givenLists(({ items, ...counts }) => ({
      ...counts,
      items: items.map((item) => ({ ...(item as object), id: "x".repeat(300) })),
    }));
    await expectRefused(ALL, { code: "bad-id", of: "customer", characters: 300, start: "x".repeat(24) }, policy);
  });

  test("sends one unreadable row is refused with the page, the customer and each field", async () => {
    await given({ customers: 30 });
    const { id } = ours(world)[12]!;
    const spoil = (item: object) =>
      (item as { id: string }).id === id ? { ...item, isStaging: "no", name: [7] } : item;
    proxy = await startRewritingProxy(world.emulator.address, (url, body) => {
      if (!url.startsWith("/customers?account")) return body;
      const { items, ...counts } = JSON.parse(body) as List;
      return JSON.stringify({ ...counts, items: items.map((item) => spoil(item as object)) });
    });
    await expectRefused(
      ALL,
      {
        ...{ code: "unreadable-reply", operation: "page 1 of the customers", api: "ListCustomers" },
        misfit: `items[2].name (customer ${id}) is a list, expected a text; items[2].isStaging (customer ${id}) is a text, expected true or false`,
      },
      { baseUrl: proxy.address, pageSize: 10 },
    );
  });

  test("has two tags of one name is refused, because a listing would show only one's customers", async () => {
    await given();
    proxy = await startRewritingProxy(world.emulator.address, (url, body) =>
      url.startsWith("/system/settings") ? JSON.stringify({ tags: [TWIN, { ...TWIN, id: "2" }] }) : body,
    );
    await expectRefused(
      { targets: { tags: ["vip"] } },
      { code: "repeated-tags", tags: [{ tag: "vip", accountId: world.emulator.accountId }] },
      { baseUrl: proxy.address },
    );
  });

  const TWIN = { id: "1", name: "vip" };

  test("shows a part of the breadcrumb is refused where descendants are meant", async () => {
    const policy = await givenLists(({ items, ...counts }) => ({
      ...counts,
      items: items.map((item) => ({ ...(item as object), breadcrumb: [{ id: (item as { id: string }).id }] })),
    }));
    await expectRefused({ targets: { parentCustomerId: grandparents()[0].id } }, { code: "unclear-family" }, policy);
  });
});

describe("customers are found by", () => {
  test("ids and reference ids, and by 650 accounts, with URLs of at most 2,000 characters", async () => {
    await given();
    const [byId, byReference] = [ours(world).slice(10, 160), ours(world).slice(160, 290)];
    const customerIds = byId.map(({ id }) => id);
    const referenceIds = byReference.map(({ referenceId }) => referenceId);
    const proxy = await startRewritingProxy(world.emulator.address, (url, body) =>
      url.length > 1_960 ? "<h1>404.15</h1>" : body,
    );
    const accountIds = Array.from({ length: 649 }, (_, index) => `${index}`.padStart(24, "0"));
    await expectPromoted({ targets: [{ customerIds }, { referenceIds }] }, [...byId, ...byReference], {
      ...{ baseUrl: proxy.address, maxShare: "100%", accountIds: [...accountIds, world.emulator.accountId] },
    }).finally(proxy.close);
  });

  test.each([
    { match: "all", tags: ["wholesale", "residential"] },
    { match: "any", tags: ["wholesale", "beta", "24/7, on call", "Süd & West"] },
  ] as const)("$match of their tags, over two accounts with tag ids of their own", async ({ match, tags }) => {
    await given();
    const { accountId, otherAccountId } = world.emulator;
    const planned = customers(world).filter(({ tagNames }) =>
      match === "all" ? tags.every((tag) => tagNames.includes(tag)) : tags.some((tag) => tagNames.includes(tag)),
    );
    expect(planned.some((customer) => customer.accountId === otherAccountId) || match === "all").toBe(true);
    await expectPromoted({ targets: { tags, match } }, planned, { accountIds: [accountId, otherAccountId] });
  });

  test.each([
    { how: "ignore the account", settingsOf: (main: string) => main },
    { how: "show the tags of one account only", settingsOf: () => '{"tags":[]}' },
  ])("one of their tags, over two accounts, where settings $how", async ({ settingsOf }) => {
    await given();
    const { accountId, otherAccountId, address } = world.emulator;
    const proxy = await startRewritingProxy(address, (url, body) => {
      if (url === `/system/settings?accountId=${accountId}`) main = body;
      return url === `/system/settings?accountId=${otherAccountId}` ? settingsOf(main) : body;
    });
    let main = "";
    const planned = customers(world).filter(({ tagNames }) => tagNames.includes("residential"));
    expect(new Set(planned.map((customer) => customer.accountId)).size).toBe(2);
    const policy = { baseUrl: proxy.address, accountIds: [accountId, otherAccountId] };
    await expectPromoted({ targets: { tags: ["residential"] } }, planned, policy).finally(proxy.close);
  });

  test.each(["", "reverse-breadcrumb"])(
    "their parent, one with its descendants and one with direct children only (%s)",
    async (faults) => {
      await given({ faults });
      const [first, second] = grandparents();
      const targets = [{ parentCustomerId: first.id }, { parentCustomerId: second.id, descendants: false }];
      await expectPromoted({ targets }, [...new Set([...first.descendants, ...second.children])]);
    },
  );

  test("their parent, direct children only, where a hidden breadcrumb shows no descendants", async () => {
    await given({ faults: "hide-breadcrumb" });
    const [{ id, children }] = grandparents();
    await expectRefused({ targets: { parentCustomerId: id } }, { code: "unclear-family", ancestorId: id });
    await expectPromoted({ targets: { parentCustomerId: id, descendants: false } }, children);
  });

  test("a cohort, and by any of a list of targets, each of them once", async () => {
    await given();
    const all = ours(world);
    const tagged = all.filter(({ tagNames }) => tagNames.includes("residential"));
    const [named] = all.filter(({ tagNames }) => tagNames.length === 0);
    const planned = new Set([...tagged, ...tagged.slice(0, 2), named!]);
    await expectPromoted(
      { targets: [{ cohort: "early" }, { customerIds: [named!.id, tagged[0]!.id] }, { tags: ["residential"] }] },
      [...planned],
      { cohorts: { early: { tags: ["residential"] } } },
    );
  });

  test("a parent without children: no customer, and the rollout is refused", async () => {
    await given({ customers: 20, stagingShare: 1 });
    const childless = ours(world).find(
      ({ id }) => !ours(world).some(({ parentCustomerId }) => parentCustomerId === id),
    );
    await expectRefused({ targets: { parentCustomerId: childless!.id } }, { code: "none-selected" });
  });
});

/** Two customers that have grandchildren, neither above the other. */
function grandparents() {
  const all = ours(world);
  const childrenOf = (id: string) => all.filter(({ parentCustomerId }) => parentCustomerId === id);
  const descendantsOf = (id: string): Customers =>
    childrenOf(id).flatMap((child) => [child, ...descendantsOf(child.id)]);
  const families = all
    .filter(({ id }) => descendantsOf(id).length > childrenOf(id).length)
    .map(({ id }) => ({ id, children: childrenOf(id), descendants: descendantsOf(id) }));
  const [first, ...others] = families;
  const second = others.find(({ id }) => !first?.descendants.some((descendant) => descendant.id === id));
  return [first!, second!] as const;
}

describe("customers are left out", () => {
  test("by an exclusion of their tag or their parent", async () => {
    await given();
    const [{ id, descendants }] = grandparents();
    const all = ours(world);
    const below = new Set(descendants.map((descendant) => descendant.id));
    const out = new Set(all.filter((each) => below.has(each.id) || each.tagNames.includes("beta")));
    const { report } = await expectPromoted(
      { ...ALL, exclude: [{ tags: ["beta"] }, { parentCustomerId: id }] },
      all.filter((customer) => !out.has(customer)),
    );
    const outcomes = await readOutcomes(world, report.rolloutId);
    expect(out.size).toBeGreaterThan(descendants.length);
    for (const each of out) expect(outcomes.get(each.id)).toEqual({ outcome: "skipped", reason: { code: "excluded" } });
  });

  test("by the policy's protection and by the scope, even when they are named", async () => {
    await given();
    const [first, second, ...others] = ours(world);
    const tagged = others.find(({ tagNames }) => tagNames.includes("do-not-move"));
    const stranger = customers(world).find(({ accountId }) => accountId === world.emulator.otherAccountId);
    const left = [first!, second!, tagged!, stranger!];
    const inCapitals = [...left, others[0]!].map(({ id }) => id.toUpperCase());
    const { report } = await expectPromoted({ targets: { customerIds: inCapitals } }, [others[0]!], {
      protected: { customerIds: [first!.id.toUpperCase()], referenceIds: [second!.referenceId], tags: ["do-not-move"] },
    });
    const reasons = new Map(report.exceptions.map(({ customerId, reason }) => [customerId, reason]));
    expect(report.namedSkipped).toBe(4);
    expect(left.map(({ id }) => reasons.get(id))).toMatchObject([
      { code: "protected-by-policy", by: "id" },
      { code: "protected-by-policy", by: "reference id" },
      { code: "protected-by-policy", by: "tag", tag: "do-not-move" },
      { code: "outside-accounts" },
    ]);
  });

  test("when they became protected or moved to another account between plan and flip", async () => {
    const { emulator } = await given({ customers: 60, stagingShare: 1 });
    const { otherAccountId: accountId } = emulator;
    const tags = ["residential", "do-not-move"].map((name, id) => ({ id: `${id}`, name }));
    const changes: readonly (readonly [change: object, reason: Reason])[] = [
      [{ tags }, { code: "protected-by-policy", by: "tag", tag: "do-not-move" }],
      [{ accountId }, { code: "outside-accounts" }],
      // Where it has no tags.
      [{ accountId, tags: [] }, { code: "deselected-since-plan" }],
    ];
    const residential = ours(world).filter(({ tagNames }) => tagNames.includes("residential"));
    const victims = residential.filter(({ tagNames }) => tagNames.length === 1).slice(-changes.length);
    const findChange = (id: string) => changes[victims.findIndex((victim) => victim.id === id)]?.[0];
    const proxy = await startRewritingProxy(emulator.address, (url, body) => {
      if (!url.includes("specificIds=")) return body;
      const list = JSON.parse(body) as { items: { id: string }[] };
      return JSON.stringify({ ...list, items: list.items.map((item) => ({ ...item, ...findChange(item.id) })) });
    });

    const { report } = await expectPromoted(
      { targets: { tags: ["residential"] } },
      residential.filter((each) => !victims.includes(each) && !each.tagNames.includes("do-not-move")),
      { baseUrl: proxy.address, protected: { tags: ["do-not-move"] } },
    ).finally(proxy.close);

    const outcomes = await readOutcomes(world, report.rolloutId);
    expect(victims.map(({ id }) => outcomes.get(id))).toEqual(
      changes.map(([, reason]) => ({ outcome: "skipped", reason })),
    );
  });
});

describe("lists that hide the tags", () => {
  const hideTags = (url: string, body: string) => {
    if (!url.startsWith("/customers?")) return body;
    const list = JSON.parse(body) as { items: Record<string, unknown>[] };
    return JSON.stringify({ ...list, items: list.items.map(({ tags: _hidden, ...item }) => item) });
  };

  test("protect no fewer customers: each is read alone before its flip, with its tags", async () => {
    const { emulator } = await given({ customers: 40, stagingShare: 1 });
    const proxy = await startRewritingProxy(emulator.address, hideTags);
    await expectPromoted(
      { targets: { all: true } },
      ours(world).filter(({ tagNames }) => !tagNames.includes("vip") && !tagNames.includes("beta")),
      { baseUrl: proxy.address, protected: { tags: ["vip", "beta"] } },
    ).finally(proxy.close);
  });

  test("end a rollout to customers by tag: the tags do not show which customers are selected", async () => {
    const { emulator } = await given({});
    const proxy = await startRewritingProxy(emulator.address, hideTags);
    await expectRefused({ targets: { tags: ["beta"] } }, { code: "no-answer" }, { baseUrl: proxy.address }).finally(
      proxy.close,
    );
  });
});

describe("an event that names what is not there", () => {
  const UNKNOWN = "000000000000000000000000";

  test.each(["404", "400"])(
    "is refused with the ids, or skips them where the policy says so (a missing customer is a %s)",
    async (status) => {
      await given({ customers: 30, faults: `missing-as=${status}` });
      const [named] = ours(world);
      const targets = [{ customerIds: [named!.id, UNKNOWN] }, { referenceIds: ["REF-NONE"] }];
      await expectRefused({ targets }, { code: "unknown-customers", named: [UNKNOWN, "reference REF-NONE"] });

      const { report } = await world.run({ action: "stage", release: "1", targets }, { unknownCustomers: "skip" });
      expect(report).toMatchObject({ status: "partial", counts: { skipped: 2, failed: 0 } });
      const skips = report.exceptions.toSorted((a, b) => (a.customerId < b.customerId ? -1 : 1));
      expect(skips).toMatchObject([
        { customerId: UNKNOWN, reason: { code: "unknown-customer" } },
        { customerId: "reference REF-NONE", reason: { code: "unknown-reference" } },
      ]);
      expect(world.emulator.customer(named!.id)?.isStaging).toBe(true);
    },
  );

  test("is refused when the policy or a cohort of the waves names no customer of Evo Voice", async () => {
    await given({ customers: 20 });
    const inWaves = { waves: [{ cohort: "first" }, { rest: true }] };
    for (const [policy, name, strategy] of [
      [{ protected: { customerIds: [UNKNOWN] } }, UNKNOWN],
      [{ protected: { referenceIds: ["REF-NONE"] } }, "reference REF-NONE"],
      [{ cohorts: { first: { customerIds: [UNKNOWN] } } }, UNKNOWN, inWaves],
    ] as const)
      await expectRefused({ ...ALL, strategy }, { code: "unknown-customers", named: [name] }, policy);
  });

  test("is refused when a customer that it names cannot be read", async () => {
    await given({ customers: 20 });
    const { id } = ours(world)[0]!;
    const proxy = await startRewritingProxy(world.emulator.address, (url, body) => {
      if (url.startsWith(`/customers/${id}`)) return "{}";
      if (!url.includes("specificIds=")) return body;
      return JSON.stringify({ items: [], totalCount: 0, totalPages: 0 });
    });
    const problem = { code: "customer-unreadable", customerId: id, why: { code: "unreadable-reply" } };
    await expectRefused({ targets: { customerIds: [id] } }, problem, { baseUrl: proxy.address }).finally(proxy.close);
  });

  test("is refused for a reference id of two customers", async () => {
    await given({ customers: 30 });
    const [first, second] = ours(world);
    const twin = world.emulator.addCustomer({ referenceId: first!.referenceId });
    await expectRefused(
      { targets: { referenceIds: [first!.referenceId, second!.referenceId] } },
      {
        code: "ambiguous-references",
        references: [{ referenceId: first!.referenceId, customerIds: [first!.id, twin.id].sort() }],
      },
    );
  });

  test("is refused when the user may not list customers, with the status and what to do", async () => {
    await given();
    world.putSecret({ userName: "agent@evovoice.example", password: world.emulator.password });
    await expectRefused(ALL, { code: "request-refused", operation: "page 0 of the customers", status: 403 });
  });
});
