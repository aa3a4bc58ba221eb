import { parsePolicy } from "../../../lambda/config.ts";
import type { Outcome } from "../../../lambda/core/flip/outcome.ts";
import type { Report } from "../../../lambda/core/report/report.ts";
import { BUILT_WORKER } from "../../support/built-worker.ts";
import { type Ledger, openLedger } from "../../support/ledger.ts";
import { runHandler } from "../../support/run-handler.ts";
import type { StandIns } from "../../support/stand-ins.ts";
import { PARTS, SECRET } from "../../support/world.ts";
import { ACCOUNTS, type FakeCustomer, TAG_NAMES, UNUSED_TAG } from "./customers.ts";
import { createDraws, type Draws } from "./draws.ts";
import type { Misbehaviour } from "./misbehaviours.ts";
import { type SecondFake, startSecondFake } from "./second-fake.ts";

/** The bundle reads its environment once, and each history has a policy of its own: so they take the worker that it makes. */
const { createWorker }: typeof import("../../../lambda/worker.ts") = await import(BUILT_WORKER);

export interface HistoryOptions {
  readonly seed: number;
  readonly misbehaviours: readonly Misbehaviour[];
}

/** One rollout of a history: what it was told to do, and what it says that it did. */
export interface Played {
  readonly action: "stage" | "promote" | "rollback";
  /** Undefined when the execution failed. */
  readonly report: Report | undefined;
  readonly error: string | undefined;
  /** An outcome for each customer of its plan, from the ledger. Of a rollback: none. */
  readonly outcomes: readonly Outcome[];
  /** What became of each customer that was to be restored: by its own rollback, or, of a rollback, in its source. */
  readonly restores: readonly Outcome[];
  /** The places of its requests among all requests that set a flag. */
  readonly posts: { readonly from: number; readonly to: number };
  readonly wasAborted: boolean;
}

export interface History extends HistoryOptions {
  readonly fake: Pick<SecondFake, "customers" | "posts" | "countRequests">;
  /** Accounts of the policy. */
  readonly accountIds: readonly string[];
  /** Whether the events of this history select a customer, by what cannot change. */
  readonly selects: (customer: FakeCustomer) => boolean;
  readonly rollouts: readonly Played[];
}

/** Misbehaviours that take seconds of the real clock. */
export const SLOW: readonly Misbehaviour[] = ["writes-hang", "throttled-for-a-while"];

/** Plays a rollout and, at once after it, a rollback or a rollout the other way round, through the bundle that ships. */
export async function playHistory(standIns: StandIns, { seed, misbehaviours }: HistoryOptions): Promise<History> {
  const draws = createDraws(`history ${seed}`);
  const [action, opposite] = draws.chance(0.5, "action")
    ? (["promote", "stage"] as const)
    : (["stage", "promote"] as const);
  const clientTimeoutMs = toTimeoutMs(misbehaviours);
  let skippedMs = 0;
  const fake = await startSecondFake({
    seed,
    misbehaviours,
    clientTimeoutMs,
    nowMs: () => Date.now() + skippedMs,
    wanted: action === "stage",
    customers: SLOW.some((one) => misbehaviours.includes(one)) ? 24 : 60,
  });
  try {
    standIns.secrets.putSecretValue(SECRET, JSON.stringify(fake.login));
    const policy = drawPolicy(draws, fake.address, misbehaviours);
    const { targets, selects } = drawTargets(draws, fake.customers);
    const stage: Stage = {
      fake,
      standIns,
      policy,
      ledger: openLedger({ environment: standIns.environment, policy: parsePolicy(policy) }),
      skip: (ms) => {
        skippedMs += ms;
      },
    };
    const name = `${misbehaviours.join("-").slice(0, 30)}-${seed}`;
    const [firstId, id] = [`first-${name}`, `second-${name}`];
    const first = await play(stage, {
      event: { action, release: firstId, targets, strategy: drawStrategy(draws), id: firstId },
      ...((draws.chance(0.3, "abort") || misbehaviours.includes("writes-hang")) && {
        abort: { atPost: Math.floor(draws.between(2, 30, "abort at")), rollback: draws.chance(0.8, "abort how") },
      }),
    });
    const rollouts = [first];
    const then = draws.part("then");
    if (then < 0.5) rollouts.push(await play(stage, { event: { action: "rollback", rolloutId: firstId, id } }));
    else if (then < 0.75) rollouts.push(await play(stage, { event: { action: opposite, release: id, targets, id } }));
    return { seed, misbehaviours, fake, accountIds: policy.accountIds, selects, rollouts };
  } finally {
    await fake.close();
  }
}

/** When a request is given up, in milliseconds of the real clock: soon only where a server lets it come to that. */
function toTimeoutMs(misbehaviours: readonly Misbehaviour[]): number {
  // Two tries last longer than the five seconds after which a worker asks for commands again.
  if (misbehaviours.includes("writes-hang")) return 2_600;
  return misbehaviours.includes("write-after-timeout") ? 400 : 3_000;
}

function drawPolicy(draws: Draws, baseUrl: string, misbehaviours: readonly Misbehaviour[]) {
  const requestTimeoutMs = toTimeoutMs(misbehaviours);
  const isPaced = misbehaviours.includes("throttled-for-a-while");
  return {
    baseUrl,
    accountIds: draws.chance(0.5, "accounts") ? [ACCOUNTS[0]] : [...ACCOUNTS],
    // The pace that ships, reached, where the pace itself is judged; none elsewhere.
    ...(isPaced ? { startRequestsPerSecond: 50 } : { requestsPerSecond: 10_000, startRequestsPerSecond: 5_000 }),
    failureBudget: draws.chance(0.7, "budget") ? "100%" : "1%",
    pageSize: draws.pick([7, 25, 100], "page size"),
    retries: { attempts: 3, requestTimeoutMs, ...(!isPaced && { mostBackoffMs: 20 }) },
  };
}

function drawStrategy(draws: Draws): unknown {
  const waves = [{ share: "30%", bakeMinutes: draws.pick([0, 0, 1], "bake") }, { rest: true }];
  return draws.chance(0.5, "strategy") ? { waves } : "all-at-once";
}

function drawTargets(draws: Draws, customers: readonly FakeCustomer[]) {
  const tag = draws.pick(TAG_NAMES, "tag");
  const hasTag = ({ tags }: FakeCustomer) => tags.some(({ name }) => name === tag);
  const ids = new Set(
    customers.flatMap(({ id, accountId }) => (accountId === ACCOUNTS[0] && draws.chance(0.5, `named ${id}`) ? id : [])),
  );
  return draws.pick(
    [
      { targets: { all: true }, selects: () => true },
      { targets: { tags: [tag] }, selects: hasTag },
      { targets: [{ tags: [tag] }, { tags: [UNUSED_TAG] }], selects: hasTag },
      { targets: { customerIds: [...ids] }, selects: ({ id }: FakeCustomer) => ids.has(id) },
    ],
    "targets",
  );
}

interface Stage {
  readonly fake: SecondFake;
  readonly standIns: StandIns;
  readonly policy: ReturnType<typeof drawPolicy>;
  readonly ledger: Ledger;
  skip(ms: number): void;
}

interface Step {
  readonly event: {
    readonly action: Played["action"];
    readonly id: string;
    readonly rolloutId?: string;
    readonly [member: string]: unknown;
  };
  readonly abort?: { readonly atPost: number; readonly rollback: boolean };
}

async function play({ fake, standIns, policy, ledger, skip }: Stage, { event, abort }: Step): Promise<Played> {
  const { id, action, rolloutId = id } = event;
  const from = fake.posts.length;
  let wasAborted = false;
  fake.onPost = async (count) => {
    if (abort === undefined || wasAborted || count - from < abort.atPost) return;
    wasAborted = true;
    const by = { requestedBy: "a test", reason: "a test", at: new Date().toISOString() };
    await ledger.addCommand(id, { id: "abort", command: "abort", ...by, rollback: abort.rollback });
  };
  const { report, error } = await runHandler({
    handler: createWorker({ policy: parsePolicy(policy), ...PARTS }),
    executions: standIns.executions,
    event,
    name: id,
    onSkip: skip,
  });
  return {
    action,
    report,
    error,
    outcomes: (await Array.fromAsync(ledger.readOutcomes(id))).flat(),
    restores: (await Array.fromAsync(ledger.readRestoreOutcomes(rolloutId))).flat(),
    posts: { from, to: fake.posts.length },
    wasAborted,
  };
}
