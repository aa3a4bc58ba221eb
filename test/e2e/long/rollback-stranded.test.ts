import { withDurableExecution } from "@aws/durable-execution-sdk-js";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { MOST_HOLDS } from "../../../lambda/core/controls.ts";
import type { FlipResult, Reading } from "../../../lambda/core/flip/flip-result.ts";
import { controlsKey } from "../../../lambda/ledger/keys.ts";
import type { HoldRow } from "../../../lambda/ledger/lock.ts";
import { openTable } from "../../../lambda/ledger/table.ts";
import type { Ports } from "../../../lambda/steps/ports.ts";
import { runRollout } from "../../../lambda/workflow/run-rollout.ts";
import { execute } from "../../support/execute.ts";
import { afterEach, beforeEach, describe, expect, test } from "../../support/jest.ts";
import { openLedger, TABLE } from "../../support/ledger.ts";
import { startWorld, type World } from "../../support/world.ts";
import { aCustomer, type Fakes, fakePorts } from "../../unit/lambda/steps/fake-ports.ts";

const PROMOTE = { action: "promote", release: "2026.11", id: "night", targets: { all: true } } as const;
const ROLLBACK = { action: "rollback", rolloutId: "night", requestedBy: "ann", reason: "calls drop" } as const;
const NO_ANSWER = { code: "no-answer", operation: "reading", why: "ETIMEDOUT" } as const;
const REFUSED = { code: "request-refused", operation: "flip", status: 403 } as const;
const IDS = ["a", "b", "c"];

let world: World;
/** Where each customer is. */
let flags: Map<string, boolean>;

beforeEach(async () => {
  world = await startWorld({ customers: 1 });
  flags = new Map(IDS.map((id) => [id, true]));
});
afterEach(() => world.close());

interface Trouble {
  /** Instead of what Evo Voice does. */
  readonly flip?: (customerId: string, isStaging: boolean) => FlipResult | undefined;
  readonly read?: (customerId: string) => Reading | undefined;
  readonly ledger?: Fakes["ledger"];
  readonly nowMs?: Fakes["nowMs"];
  /** Hears with which pace a part begins. */
  readonly connected?: (pace: unknown) => void;
}

/** Runs an event in a world that Evo Voice answers, but for the trouble. */
function run(event: object, name: string, { flip, read, ledger, nowMs, connected }: Trouble = {}, policy: object = {}) {
  const find = (id: string) => aCustomer(id, flags.get(id) ?? true);
  const ports = fakePorts(world, {
    customers: IDS.map((id) => ({
      ...aCustomer(id),
      get isStaging() {
        return flags.get(id) ?? true;
      },
    })),
    ...(ledger && { ledger }),
    ...(nowMs && { nowMs }),
    connection: {
      listCustomers: async (ids) => ids.filter((id) => read?.(id) === undefined).map(find),
      readCustomer: async (id) => read?.(id) ?? { reading: "found", customer: find(id) },
      flip: async ({ customerId, isStaging }, beforeSend) => {
        const trouble = flip?.(customerId, isStaging);
        if (trouble !== undefined) return trouble;
        await beforeSend(false);
        flags.set(customerId, isStaging);
        return { result: "flipped", reason: { code: "confirmed-by-reply" } };
      },
    },
  });
  const evoVoice: Ports["evoVoice"] = {
    connect(options) {
      connected?.(options.pace);
      return ports.evoVoice.connect(options);
    },
  };
  const troubled = { ...ports, evoVoice, policy: { ...ports.policy, ...policy } };
  return execute(world, event, {
    name,
    handler: withDurableExecution((input, context) => runRollout(troubled, input, context)),
  });
}

const standing = () => [...flags].flatMap(([id, isStaging]) => (isStaging ? [] : id));
const NOTHING_BEGUN: FlipResult = { result: "not begun" };

describe("a rollback that Evo Voice does not answer", () => {
  /** So many parts in a row come no further. */
  const unanswered = (parts: number): Trouble & { readonly paces: unknown[] } => {
    const paces: unknown[] = [];
    return {
      paces,
      connected: (pace) => paces.push(pace),
      flip: () => (paces.length > parts ? undefined : NOTHING_BEGUN),
    };
  };

  test("for twelve parts in a row names each customer, and continues when it is sent again", async () => {
    await run(PROMOTE, "one");

    const { report } = await run(ROLLBACK, "two", unanswered(12));

    expect(report).toMatchObject({ status: "rolled-back", rollback: { restored: 0, conflicting: 0, failed: 3 } });
    expect(report?.problems).toBeUndefined();
    expect(report?.exceptions.map(({ customerId }) => customerId).sort()).toEqual(IDS);
    for (const { reason } of report?.exceptions ?? [])
      expect(reason).toMatchObject({ code: "not-attempted", why: [{ code: "rollback-gave-up", parts: 12 }] });
    const again = await run(ROLLBACK, "three");
    expect(again.report).toMatchObject({ status: "rolled-back", rollback: { restored: 3, failed: 0 } });
    expect(standing()).toEqual([]);
  });

  test("is stopped by an abort all the same", async () => {
    await run(PROMOTE, "one");
    const abort = {
      id: "1",
      command: "abort",
      rollback: true,
      requestedBy: "bob",
      reason: "leave it",
      at: "2026-11-23T00:00:00Z",
    } as const;
    const stuck: Trouble = {
      flip: () => NOTHING_BEGUN,
      connected: () => void openLedger(world).addCommand("two", abort),
    };

    const { report } = await run({ ...ROLLBACK, id: "two" }, "two", stuck);

    expect(report).toMatchObject({ status: "aborted", rollback: { failed: 3 } });
    expect(report?.exceptions[0]?.reason).toMatchObject({
      code: "not-attempted",
      why: [{ code: "aborted", by: "bob" }],
    });
  });
});

describe("a customer that fails", () => {
  test("is tried again after a rest of one minute, and of five", async () => {
    await run(PROMOTE, "one");
    let tries = 0;
    const lost = (id: string): FlipResult | undefined =>
      id === "b" && ++tries < 3 ? { result: "failed", reason: NO_ANSWER } : undefined;

    const { report, operations } = await run(ROLLBACK, "two", { flip: lost });

    expect(tries).toBe(3);
    expect(report).toMatchObject({ status: "rolled-back", rollback: { restored: 3, failed: 0 } });
    expect(operations.filter((name) => name.startsWith("hold-rollback-part"))).toHaveLength(2);
  });

  test("after its restore began, and cannot be read, is named as perhaps restored", async () => {
    await run(PROMOTE, "one");
    let begun = false;
    const trouble: Trouble = {
      flip: (id) => {
        if (id !== "b") return undefined;
        begun = true;
        return { result: "unresolved" };
      },
      read: (id) => (begun && id === "b" ? { reading: "unreadable", reason: NO_ANSWER } : undefined),
    };

    const { report } = await run(ROLLBACK, "two", trouble);

    expect(report).toMatchObject({ status: "rolled-back", rollback: { restored: 2, failed: 1 } });
    expect(report?.exceptions).toMatchObject([
      { customerId: "b", outcome: "not-restored", reason: { code: "may-be-restored", why: [NO_ANSWER] } },
    ]);
  });
});

test("a customer in doubt that cannot be read is named as not restored", async () => {
  let isAway = false;
  const trouble: Trouble = {
    // Asked at the same time: what the first came to is not known, and the second spends the failure budget.
    flip: (id, isStaging) => {
      if (isStaging || id === "a") return undefined;
      isAway = true;
      return id === "b" ? { result: "unresolved" } : { result: "failed", reason: REFUSED };
    },
    read: (id) => (id === "b" && isAway ? { reading: "unreadable", reason: NO_ANSWER } : undefined),
  };

  const { report } = await run(PROMOTE, "one", trouble, { failureBudget: 0, concurrency: 3 });

  expect(report).toMatchObject({
    status: "rolled-back",
    counts: { flipped: 1, failed: 2, skipped: 0 },
    rollback: { restored: 1, conflicting: 0, failed: 1 },
  });
  expect(report?.exceptions).toMatchObject([{ customerId: "b", outcome: "not-restored", reason: NO_ANSWER }, {}, {}]);
});

describe("a release that cannot be held", () => {
  const fill = () => {
    const hold = { action: "promote", requestedBy: "ann", reason: "old", at: "2026-11-01T00:00:00Z" } as const;
    const holds = Array.from({ length: MOST_HOLDS }, (_, index): HoldRow => ({ release: `2025.${index}`, ...hold }));
    return openTable(new DynamoDBClient(), TABLE).put(controlsKey(world.policy.baseUrl), {
      holds,
      revision: 1,
      fence: 1,
    });
  };

  test("because too many are held stands in the report, the event and the alert", async () => {
    for (const { id } of world.emulator.customers()) world.emulator.setStaging(id, true);
    await execute(world, PROMOTE, { name: "one" });
    await fill();

    const { report } = await execute(world, ROLLBACK, { name: "two" });

    const why = expect.stringContaining("500 releases are held already, which is the most; clear holds that are over");
    expect(report).toMatchObject({ status: "rolled-back", rollback: { failed: 0 }, held: false, notHeld: why });
    const changes = world.eventBridge.events().map(({ detail }) => detail as { change: string });
    expect(changes.filter(({ change }) => change === "rolled back")).toMatchObject([{ held: false, notHeld: why }]);
    expect(changes.at(-1)).toMatchObject({ change: "ended", held: false, notHeld: why });
    const { message, attributes } = world.sns.messages().at(-1) ?? {};
    expect(message).toMatch(/the release is NOT held/i);
    expect(message).toContain('{"command":"hold-release","release":"2026.11"');
    expect(attributes).toMatchObject({ severity: "warning" });
  });

  test.each([
    ["minutes is held, and each customer is restored", 15, "rolled-back", []],
    ["longer than the way back is tried fails loudly", 16, undefined, IDS],
  ] as const)("for a ledger that is away for %s", async (_what, failures, status, left) => {
    await run(PROMOTE, "one");
    let away = failures;
    const ledger = openLedger(world);
    const fail = async <Result>(body: () => Promise<Result>) => {
      away -= 1;
      if (away >= 0) throw new Error("the ledger is away");
      return body();
    };
    const broken: Fakes["ledger"] = {
      changeControls: (change, id) => fail(() => ledger.changeControls(change, id)),
      readGateInputs: (id) => fail(() => ledger.readGateInputs(id)),
    };

    const { report, error } = await run(ROLLBACK, "two", { ledger: broken });

    expect(report?.status).toBe(status);
    expect(report?.held).toBe(status && true);
    expect(error).toBe(status === undefined ? "the ledger is away" : undefined);
    expect(standing()).toEqual(left);
  });
});

test("flips that used up their share of an execution halt, and a retry continues with the others", async () => {
  const late = 27 * 86_400_000;
  const event = { ...PROMOTE, strategy: { waves: [{ customers: 1, bakeMinutes: 1 }, { rest: true }] } };

  const { report } = await run(event, "one", { nowMs: () => Date.now() + (standing().length > 0 ? late : 0) });

  expect(report).toMatchObject({
    status: "halted",
    problems: [{ code: "rollback-reserve", used: "27 days" }],
    counts: { flipped: 1, skipped: 2, failed: 0 },
  });
  const again = await run({ action: "retry", rolloutId: "night" }, "two");
  expect(again.report).toMatchObject({ status: "succeeded", counts: { flipped: 2 } });
  const back = await run(ROLLBACK, "three");
  expect(back.report).toMatchObject({ rollback: { restored: 1, failed: 0 } });
});
