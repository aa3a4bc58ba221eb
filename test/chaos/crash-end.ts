import type { Outcome } from "../../lambda/core/flip/outcome.ts";
import type { Report } from "../../lambda/core/report/report.ts";
import type { EventBridge } from "../../local/aws/event-bridge.ts";
import { readOutcomes, readReverts, type World } from "../support/world.ts";

/** What a rollout leaves behind, without times and without what a restart words differently. */
export interface End {
  /** Those of the main account by id. */
  readonly customers: Readonly<Record<string, CustomerEnd>>;
  readonly report: unknown;
  readonly status: unknown;
  readonly lock: unknown;
  readonly holds: unknown;
  /** In order; one that was told twice in a row stands once. */
  readonly changes: readonly unknown[];
}

interface CustomerEnd {
  /** Undefined for one that is gone. */
  readonly isStaging: boolean | undefined;
  /** How often it was asked to be flipped, there or back. */
  readonly posts: number;
  readonly outcome: unknown;
  readonly rollback: unknown;
}

export interface Ended {
  readonly world: World;
  readonly rolloutId: string;
  /** How often each customer was asked to be flipped. */
  readonly posts: ReadonlyMap<string, number>;
  readonly bus: EventBridge;
}

/** Reads it once the rollout, or the one that rolled it back, has ended with this report. */
export async function readEnd({ world, posts, bus, rolloutId }: Ended, report: Report): Promise<End> {
  const items = await world.readLedger();
  const outcomes = await readOutcomes(world, rolloutId);
  const rollback = await readReverts(world, rolloutId);
  const { emulator } = world;
  const controls = items.find(({ sk }) => sk === "controls");
  const customers = [...emulator.customers()].filter(({ accountId }) => accountId === emulator.accountId);
  const ids = new Set([...customers.map(({ id }) => id), ...posts.keys()]);
  return {
    customers: Object.fromEntries(
      [...ids].sort().map((id): [string, CustomerEnd] => [
        id,
        {
          isStaging: emulator.customer(id)?.isStaging,
          posts: posts.get(id) ?? 0,
          outcome: toEnd(outcomes.get(id)),
          rollback: toEnd(rollback.get(id)),
        },
      ]),
    ),
    report: toTimeless(report),
    status: items.find(({ pk, sk }) => pk === `rollout#${rolloutId}` && sk === "record")?.status,
    lock: controls?.lock,
    holds: (controls?.holds as readonly { readonly at?: string }[] | undefined)?.map(({ at: _at, ...hold }) => hold),
    changes: toChanges(bus),
  };
}

/** How it is known that a customer was flipped, or failed, is told in other words after a restart. */
function toEnd(outcome: (Pick<Outcome, "reason"> & { readonly outcome: string }) | undefined): unknown {
  if (outcome === undefined) return undefined;
  const { outcome: kind, reason } = outcome;
  return kind === "flipped" || kind === "failed" ? kind : `${kind}: ${JSON.stringify(reason)}`;
}

function toTimeless({ startedAt: _start, endedAt: _end, durationMs: _took, ...report }: Report): unknown {
  return {
    ...report,
    exceptions: report.exceptions.map((each) => [each.customerId, toEnd(each)]),
    failedBy: report.failedBy?.map(({ customers }) => customers),
  };
}

function toChanges(bus: EventBridge): readonly unknown[] {
  const changes = bus.events().map(({ detail }) => {
    const { at: _at, ...change } = detail as { readonly at: string };
    return JSON.stringify(change);
  });
  return changes.filter((change, index) => change !== changes[index - 1]).map((change): unknown => JSON.parse(change));
}

/** The posts of a flip that was on its way when the worker died may be one more. */
export function withoutPosts({ customers, ...end }: End): unknown {
  return {
    ...end,
    customers: Object.entries(customers).map(([id, { posts: _posts, ...customer }]) => ({ id, ...customer })),
  };
}

export function countPosts({ customers }: End): number {
  return Object.values(customers).reduce((sum, { posts }) => sum + posts, 0);
}

/**
 * A customer that was not attempted has that outcome only when the first execution came so far, and a second rollback
 * writes once more to what the first had restored.
 */
export function withoutUnattempted({ customers }: End): unknown {
  return Object.entries(customers).map(([id, { outcome, posts: _posts, ...customer }]) => ({
    id,
    ...customer,
    outcome: String(outcome).startsWith('skipped: {"code":"not-attempted"') ? undefined : outcome,
  }));
}
