import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { Target } from "../../../lambda/contract/target.ts";
import type { FoundCustomer } from "../../../lambda/rollout/roster.ts";
import type { CustomerFacts } from "../../../lambda/rollout/selection.ts";
import { lookUp } from "../../../lambda/steps/look-up.ts";
import { LOOKUP_START } from "../../../lambda/steps/lookup-run.ts";
import type { FlipRollout } from "../../../lambda/steps/part.ts";
import type { Connection } from "../../../lambda/steps/ports.ts";
import { type ClosableLedgerWorld, startLedgerWorld } from "../../support/ledger.ts";
import { aCustomer, aRollout, fakePorts } from "./fake-ports.ts";

const RUN = { step: "look-up-1", attempt: 1, invocationEndsAtMs: Number.MAX_SAFE_INTEGER };

let world: ClosableLedgerWorld;
let rollouts = 0;
let rolloutId: string;

beforeAll(async () => {
  world = await startLedgerWorld({ childrenFollow: true });
});
afterAll(() => world.close());
beforeEach(() => {
  rollouts += 1;
  rolloutId = `rollout-${rollouts}`;
});

interface Given {
  readonly customers: readonly CustomerFacts[];
  readonly below?: Connection["listDescendants"];
  readonly protectedIds?: readonly string[];
  /** Whom it cannot read. */
  readonly mute?: string;
  /** The time of a part is over as soon as it has done anything. */
  readonly inShortParts?: boolean;
}

/** An Evo Voice with these customers; whose descendants are asked for is noted. */
function given({ customers, below, protectedIds = [], mute, inShortParts = false }: Given) {
  const asked: string[][] = [];
  let calls = 0;
  const ports = fakePorts(world, {
    customers,
    nowMs() {
      calls += 1;
      return inShortParts ? calls * 10_000_000 : 0;
    },
    ledger: { readControls: async () => ({ fence: 1, holds: {}, protectedIds }) },
    connection: {
      readPage: async ({ listing, page }) => {
        const found =
          listing.kind === "ids" ? customers.filter(({ id }) => listing.customerIds.includes(id)) : customers;
        return { customers: page === 0 ? found : [], total: found.length, totalPages: 1 };
      },
      readCustomer: async (id) =>
        id === mute ? { reading: "unreadable", reason: "it was answered with 500" } : { reading: "missing" },
      listDescendants: async (ids) => {
        asked.push([...ids]);
        return (await below?.(ids)) ?? { list: "whole", customers: [] };
      },
    },
  });
  return { ports, asked };
}

/** Part by part, what the lookup leaves in the ledger of whom the event does not select. */
async function readFamilies({ ports }: ReturnType<typeof given>, rollout: FlipRollout) {
  let progress = LOOKUP_START;
  for (let part = 1; !progress.done; part += 1)
    progress = await lookUp(ports, rollout, { ...RUN, step: `look-up-${part}` }, progress);
  const families: FoundCustomer[] = [];
  for (const [listing, pass] of progress.accepted.entries()) {
    for await (const { customers } of ports.ledger.readFound(rollout.rolloutId, listing, pass))
      families.push(...customers.filter(({ familyOnly }) => familyOnly));
  }
  return families.map(({ id, parentCustomerId, skip }) => ({ id, parentCustomerId, skip }));
}

function promote(...targets: readonly Target[]): FlipRollout {
  const { lock: _lock, ...rollout } = aRollout(rolloutId);
  return { ...rollout, event: { ...rollout.event, targets } };
}

const named = (customers: readonly CustomerFacts[]) => ({ customerIds: customers.map(({ id }) => id) });

describe("below those who are to be flipped", () => {
  const child: CustomerFacts = { ...aCustomer("child"), accountId: "elsewhere", parentCustomerId: "p" };
  const parent = aCustomer("p");

  const familiesOf = (below: readonly CustomerFacts[], selected: readonly CustomerFacts[]) => {
    const world = given({ customers: [...selected], below: async () => ({ list: "whole", customers: below }) });
    return readFamilies(world, promote(named(selected)));
  };

  test("everybody is written down with the parent, and why whoever must not be moved along must not", async () => {
    const grandchild = { ...child, id: "grandchild", parentCustomerId: "free" };
    const free = { ...aCustomer("free"), parentCustomerId: "p" };
    const right = { ...aCustomer("right", false), parentCustomerId: "p" };

    expect(await familiesOf([child, free, grandchild, right], [parent])).toEqual([
      { id: "child", parentCustomerId: "p", skip: "outside of the policy's accounts" },
      { id: "free", parentCustomerId: "p", skip: "not selected by the event" },
      { id: "grandchild", parentCustomerId: "free", skip: "outside of the policy's accounts" },
      { id: "right", parentCustomerId: "p", skip: undefined },
    ]);
  });

  test("whoever the event selects as well may be moved along", async () => {
    const selected = { ...aCustomer("selected"), parentCustomerId: "p" };

    expect(await familiesOf([selected], [parent, selected])).toEqual([
      { id: "selected", parentCustomerId: "p", skip: undefined },
    ]);
  });

  test("whoever shows no way up may be below each of those who were asked about", async () => {
    const lost = { ...aCustomer("lost"), parentCustomerId: "nobody" };

    expect((await familiesOf([lost], [parent, aCustomer("q")])).map((one) => one.parentCustomerId)).toEqual(["p", "q"]);
  });

  test("nobody is asked for twice, a hundred parents at a time, however short the parts are", async () => {
    const customers = Array.from({ length: 250 }, (_, index) => aCustomer(`c-${index}`, index % 2 === 0));
    const world = given({ customers, inShortParts: true });

    await readFamilies(world, promote(named(customers)));

    expect(world.asked.every(({ length }) => length <= 100)).toBe(true);
    expect(world.asked.flat().sort()).toEqual(customers.flatMap(({ id, isStaging }) => (isStaging ? id : [])).sort());
  });

  test("nobody is asked for where everybody is selected, and has been judged", async () => {
    const world = given({ customers: [parent] });

    await readFamilies(world, promote({ all: true }));

    expect(world.asked).toEqual([]);
  });

  test("it must be known who they are: otherwise nobody is flipped", async () => {
    const world = given({
      customers: [parent],
      below: async () => ({ list: "unknown", reason: "it was answered with 500" }),
    });

    await expect(readFamilies(world, promote(named([parent])))).rejects.toThrow(
      /it cannot be known who is below .*, so nobody was flipped: it was answered with 500/,
    );
  });
});

test("whom controls protect at the end of the lookup is written down with each ancestor, selected or not", async () => {
  const customers = [aCustomer("p"), { ...aCustomer("vip"), parentCustomerId: "p" }, aCustomer("alone")];
  const protectedIds = ["vip", "alone", "gone"];

  const families = await readFamilies(given({ customers, protectedIds }), promote({ all: true }));

  const skip = "protected by the controls";
  expect(families).toEqual([
    { id: "vip", parentCustomerId: "p", skip },
    { id: "alone", parentCustomerId: undefined, skip },
  ]);
});

test("who is above them is not asked for where children do not follow: it stops nobody that it cannot be read", async () => {
  const customers = [{ ...aCustomer("vip"), parentCustomerId: "p" }, aCustomer("free")];
  const { ports, asked } = given({ customers, protectedIds: ["vip"], mute: "p" });
  const policy = { ...ports.policy, childrenFollow: false };

  const families = await readFamilies({ ports: { ...ports, policy }, asked }, promote({ all: true }));

  expect(families).toEqual([{ id: "vip", parentCustomerId: undefined, skip: "protected by the controls" }]);
  await expect(readFamilies({ ports, asked }, promote({ all: true }))).rejects.toThrow(/customer p, who must stay or/);
});
