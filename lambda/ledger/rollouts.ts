import type { DeployEvent } from "../contract/deploy-event.ts";
import type { Via } from "../contract/via.ts";
import type { Lock } from "../core/controls.ts";
import type { Plan } from "../core/plan/plan.ts";
import type { Reason } from "../core/reasons.ts";
import type { Report } from "../core/report/report.ts";
import type { RolloutEvent } from "../core/report/rollout-event.ts";
import { ABANDONED, type RolloutStatus } from "../core/report/rollout-status.ts";
import type { SourceRollouts } from "../core/rollback/source-rollouts.ts";
import type { RolloutRecord } from "../core/rollout-record.ts";
import { environmentKey, rolloutKey } from "./keys.ts";
import { ABSENT, type Condition, type Item, type Key, PRESENT, type Table } from "./table.ts";

type Change = Item & { readonly status?: RolloutStatus };

/** The record of each rollout: its event, its execution and its report; and the order in which rollouts began. */
export function createRolloutRecords(table: Table, environment: string) {
  async function findRollout(rolloutId: string): Promise<RolloutRecord | undefined> {
    const item = await table.get(toKey(rolloutId));
    if (item === undefined) return undefined;
    const { fingerprint, execution, startedAtMs, status } = item;
    return {
      rolloutId,
      fingerprint: fingerprint as string,
      execution: execution as string,
      startedAtMs: startedAtMs as number,
      status: status as RolloutStatus,
      event: fromText<DeployEvent>(item.event) as DeployEvent,
      via: fromText<Via>(item.via),
      report: fromText<Report>(item.report),
      source: fromText<SourceRollouts>(item.source),
      plan: fromText<Plan>(item.plan),
      lastEvent: fromText<RolloutEvent>(item.lastEvent),
      problem: fromText<Reason>(item.problem),
      ...(item.rolledBackBy !== undefined && { rolledBackBy: item.rolledBackBy as string }),
    };
  }

  async function change(rolloutId: string, set: Change, expected: Condition = { pk: PRESENT }): Promise<void> {
    await table.updateIf(toKey(rolloutId), { set }, expected);
  }

  return {
    findRollout,
    async createRollout(record: RolloutRecord): Promise<RolloutRecord> {
      const { rolloutId, event, via, report, source, plan, lastEvent, problem, ...facts } = record;
      const item = { ...facts, ...toTexts({ event, via, report, source, plan, lastEvent, problem }) };
      const created = await table.putIf(toKey(rolloutId), item, { pk: ABSENT });
      const kept = created ? record : ((await findRollout(rolloutId)) ?? record);
      // Also when this step died between the two writes.
      if (kept.execution === record.execution) await table.put(toListKey(environment, kept), { rolloutId });
      return kept;
    },
    async readLastRollouts(most: number, { dryRun }: Pick<DeployEvent, "dryRun">): Promise<readonly RolloutRecord[]> {
      const ids: string[] = [];
      for await (const { rolloutId } of table.query(environmentKey(environment, toListPrefix(dryRun)))) {
        ids.push(rolloutId as string);
        if (ids.length === most) break;
      }
      return (await Promise.all(ids.map(findRollout))).filter((record) => record !== undefined);
    },
    stopWaiting: (rolloutId: string, source: SourceRollouts | undefined) =>
      change(rolloutId, { status: "running", ...toTexts({ source }) }, { status: "waiting" }),
    notePlan: (rolloutId: string, plan: Plan) => change(rolloutId, toTexts({ plan })),
    recordEvent: (rolloutId: string, lastEvent: RolloutEvent) => change(rolloutId, toTexts({ lastEvent })),
    noteRolledBackBy: (rolloutId: string, rolledBackBy: string) => change(rolloutId, { rolledBackBy }),
    endRollout: (rolloutId: string, report: Report) =>
      change(rolloutId, { status: report.status, ...toTexts({ report }) }),
    abandonRollout: ({ rolloutId, execution }: Pick<Lock, "rolloutId" | "execution">) =>
      change(
        rolloutId,
        { status: "failed", ...toTexts({ problem: ABANDONED }) },
        { status: ["running", "waiting"], execution },
      ),
  };
}

/** A JSON text costs a tenth of a DynamoDB map. */
function toTexts(values: Readonly<Record<string, unknown>>): Item {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, JSON.stringify(value)]])),
  );
}

function fromText<Value>(text: unknown): Value | undefined {
  return text === undefined ? undefined : (JSON.parse(text as string) as Value);
}

/** The newest rollout sorts first. */
function toListKey(environment: string, { rolloutId, startedAtMs, event }: RolloutRecord): Key {
  return environmentKey(environment, `${toListPrefix(event.dryRun)}${END_OF_TIME_MS - startedAtMs}#${rolloutId}`);
}

/** Dry runs have a list of their own, so that no number of them hides a rollout. */
const toListPrefix = (dryRun: boolean) => (dryRun ? "dry-run#" : "rollout#");

const END_OF_TIME_MS = 9_999_999_999_999;

function toKey(rolloutId: string): Key {
  return rolloutKey(rolloutId, "record");
}
