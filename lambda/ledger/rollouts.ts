import type { DeployEvent } from "../contract/deploy-event.ts";
import type { Lock } from "../core/controls.ts";
import type { Plan } from "../core/plan/plan.ts";
import type { Reason } from "../core/reasons.ts";
import type { Report } from "../core/report/report.ts";
import type { RolloutEvent } from "../core/report/rollout-event.ts";
import { ABANDONED, type RolloutStatus } from "../core/report/rollout-status.ts";
import type { SourceRollouts } from "../core/rollback/source-rollouts.ts";
import type { RolloutRecord } from "../core/rollout-record.ts";
import type { Item, Key, Table } from "./table.ts";

export function partitionOf(rolloutId: string): string {
  return `rollout#${rolloutId}`;
}

/** The record of each rollout: its event, its execution and its report. */
export function createRolloutRecords(table: Table) {
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
      report: fromText<Report>(item.report),
      source: fromText<SourceRollouts>(item.source),
      plan: fromText<Plan>(item.plan),
      lastEvent: fromText<RolloutEvent>(item.lastEvent),
      problem: fromText<Reason>(item.problem),
      ...(item.rolledBackBy !== undefined && { rolledBackBy: item.rolledBackBy as string }),
    };
  }

  return {
    findRollout,
    async createRollout(record: RolloutRecord): Promise<RolloutRecord> {
      const { rolloutId, event, report, source, plan, lastEvent, problem, ...facts } = record;
      const item = { ...facts, ...toTexts({ event, report, source, plan, lastEvent, problem }) };
      const created = await table.putIf(toKey(rolloutId), item, { expression: "attribute_not_exists(pk)" });
      return created ? record : ((await findRollout(rolloutId)) ?? record);
    },
    async stopWaiting(rolloutId: string, source: SourceRollouts | undefined): Promise<void> {
      const condition = {
        expression: "#status = :waiting",
        values: { ":waiting": "waiting" satisfies RolloutStatus },
      };
      const set = { status: "running" satisfies RolloutStatus, ...toTexts({ source }) };
      await table.updateIf(toKey(rolloutId), { set }, condition);
    },
    async notePlan(rolloutId: string, plan: Plan): Promise<void> {
      await table.updateIf(toKey(rolloutId), { set: toTexts({ plan }) }, { expression: "attribute_exists(pk)" });
    },
    async recordEvent(rolloutId: string, lastEvent: RolloutEvent): Promise<void> {
      await table.updateIf(toKey(rolloutId), { set: toTexts({ lastEvent }) }, { expression: "attribute_exists(pk)" });
    },
    async noteRolledBackBy(rolloutId: string, rolledBackBy: string): Promise<void> {
      await table.updateIf(toKey(rolloutId), { set: { rolledBackBy } }, { expression: "attribute_exists(pk)" });
    },
    async endRollout(rolloutId: string, report: Report): Promise<void> {
      const set = { status: report.status, report: JSON.stringify(report) };
      await table.updateIf(toKey(rolloutId), { set }, { expression: "attribute_exists(pk)" });
    },
    async abandonRollout({ rolloutId, execution }: Pick<Lock, "rolloutId" | "execution">): Promise<void> {
      const condition = {
        expression: "#status IN (:running, :waiting) AND #execution = :execution",
        names: { "#execution": "execution" },
        values: {
          ":running": "running" satisfies RolloutStatus,
          ":waiting": "waiting" satisfies RolloutStatus,
          ":execution": execution,
        },
      };
      const set = { status: "failed" satisfies RolloutStatus, ...toTexts({ problem: ABANDONED }) };
      await table.updateIf(toKey(rolloutId), { set }, condition);
    },
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

function toKey(rolloutId: string): Key {
  return { pk: partitionOf(rolloutId), sk: "record" };
}
