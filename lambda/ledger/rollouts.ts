import type { FlipEvent } from "../events/deploy-event.ts";
import type { Lock, RolloutRecord } from "../rollout/records.ts";
import type { Report, RolloutStatus } from "../rollout/report.ts";
import type { Key, Table } from "./table.ts";

export function partitionOf(rolloutId: string): string {
  return `rollout#${rolloutId}`;
}

/** The record of each rollout: who it is, who runs it, how it ended. */
export function createRolloutRecords(table: Table) {
  async function findRollout(rolloutId: string): Promise<RolloutRecord | undefined> {
    const item = await table.get(toKey(rolloutId));
    if (item === undefined) return undefined;
    const { event, report, fingerprint, execution, startedAtMs, status, problem } = item;
    return {
      rolloutId,
      fingerprint: fingerprint as string,
      execution: execution as string,
      startedAtMs: startedAtMs as number,
      status: status as RolloutStatus,
      event: JSON.parse(event as string) as FlipEvent,
      ...(report !== undefined && { report: JSON.parse(report as string) as Report }),
      ...(problem !== undefined && { problem: problem as string }),
    };
  }

  return {
    findRollout,
    async createRollout(record: RolloutRecord): Promise<RolloutRecord> {
      const { rolloutId, event, report: _none, ...facts } = record;
      const item = { ...facts, event: JSON.stringify(event) };
      const created = await table.putIf(toKey(rolloutId), item, { expression: "attribute_not_exists(pk)" });
      return created ? record : ((await findRollout(rolloutId)) ?? record);
    },
    async endRollout(rolloutId: string, report: Report): Promise<void> {
      const set = { status: report.status, report: JSON.stringify(report) };
      await table.updateIf(toKey(rolloutId), { set }, { expression: "attribute_exists(pk)" });
    },
    async abandonRollout({ rolloutId, execution }: Pick<Lock, "rolloutId" | "execution">): Promise<void> {
      const condition = {
        expression: "#status = :running AND #execution = :execution",
        names: { "#execution": "execution" },
        values: { ":running": "running" satisfies RolloutStatus, ":execution": execution },
      };
      const set = { status: "failed" satisfies RolloutStatus, problem: ABANDONED };
      await table.updateIf(toKey(rolloutId), { set }, condition);
    },
  };
}

const ABANDONED =
  "its execution ended before it could write its report: it was stopped, failed, or ran out of its time; the ledger says who was flipped until then; to flip the rest, send the event again under an id of its own";

function toKey(rolloutId: string): Key {
  return { pk: partitionOf(rolloutId), sk: "record" };
}
