import { randomUUID } from "node:crypto";
import { applyControlChange, type ChangedControls, type ControlChange, type Controls } from "../core/controls.ts";
import type { Attribution, Hold, LockAndControls } from "../core/records.ts";
import { type HoldRow, isAsRead, toControls, toControlsKey } from "./lock.ts";
import type { Item, Table } from "./table.ts";

type ChangeResult =
  | { readonly kind: "changed"; readonly controls: LockAndControls }
  | { readonly kind: "refused"; readonly problem: string };

/** A change with its id: a change that is sent twice is made once. */
type KeptChange = ControlChange & { readonly id: string; readonly revision: number };

/** An item holds 400 KB: this much for holds and ids leaves room for the lock, the switch and the last change. */
const MOST_BYTES = 250_000;
/** A change that is sent again is recognised by its id among this many last changes. */
const KNOWN_AGAIN = 20;

/**
 * The controls of an environment. Each change is one write over the revision that was read, beside the lock and without
 * touching it. A writer that was overtaken reads again. The item also carries the last change, and the writer of the next
 * change first copies it into the history. So a change whose writer died in between is not missing there.
 */
export function createControls(table: Table, environment: string) {
  const key = toControlsKey(environment);

  async function keep(change: KeptChange | undefined): Promise<void> {
    if (change === undefined) return;
    const historyKey = { pk: key.pk, sk: `control#${change.at}#${change.id}` };
    await table.putIf(historyKey, { kept: change }, { expression: "attribute_not_exists(pk)" });
  }

  async function change(wanted: ControlChange, id: string = randomUUID()): Promise<ChangeResult> {
    for (;;) {
      const item = (await table.get(key)) ?? {};
      const read = toControls(item);
      const { recent = [], last } = item as Recent;
      await keep(last);
      if (recent.includes(id)) return { kind: "changed", controls: read };
      const changed = changeWithin(read, wanted);
      if (changed.kind === "refused") return changed;
      const next: KeptChange = { ...wanted, id, revision: (read.revision ?? 0) + 1 };
      const facts = { revision: next.revision, recent: [id, ...recent].slice(0, KNOWN_AGAIN), last: next };
      if (!(await table.updateIf(key, toUpdate(changed.controls, facts), isAsRead("revision", read.revision))))
        continue;
      await keep(next);
      return { kind: "changed", controls: { ...read, ...changed.controls, revision: next.revision } };
    }
  }

  return {
    setStopped: (by: Attribution, id?: string) => change({ ...by, change: "stop-everything" }, id),
    clearStopped: (by: Attribution, id?: string) => change({ ...by, change: "resume-everything" }, id),
    holdRelease: (release: string, { action, rolloutId, ...by }: Hold, id?: string) =>
      change({ ...by, change: "hold-release", release, hold: { action, rolloutId } }, id),
    clearRelease: (release: string, by: Attribution, id?: string) =>
      change({ ...by, change: "clear-release", release }, id),
    protect: (customerIds: readonly string[], by: Attribution, id?: string) =>
      change({ ...by, change: "protect", customerIds }, id),
    unprotect: (customerIds: readonly string[], by: Attribution, id?: string) =>
      change({ ...by, change: "unprotect", customerIds }, id),
    /** The changes, the oldest first. The last change also stands in the item of the controls. */
    async *readControlHistory(): AsyncGenerator<ControlChange> {
      for await (const { kept } of table.query(key.pk, "control#")) yield kept as ControlChange;
    },
  };
}

const TOO_LARGE =
  "no further release or customer was added: the controls are as large as they can be; clear holds that are over";

interface Recent {
  readonly recent?: readonly string[];
  readonly last?: KeptChange;
}

/** A change that removes something is made at any size. */
function changeWithin(read: LockAndControls, wanted: ControlChange): ChangedControls {
  const changed = applyControlChange(read, wanted);
  const isGrowing = wanted.change === "hold-release" || wanted.change === "protect";
  if (changed.kind === "refused" || !isGrowing) return changed;
  const { holds, protectedIds } = changed.controls;
  const isTooLarge = Buffer.byteLength(JSON.stringify([holds, protectedIds])) > MOST_BYTES;
  return isTooLarge ? { kind: "refused", problem: TOO_LARGE } : changed;
}

function toUpdate({ stopped, holds, protectedIds }: Controls, facts: Item) {
  const rows = Object.entries(holds).map(([release, hold]): HoldRow => ({ release, ...hold }));
  const set = { ...facts, holds: rows, protectedIds };
  return stopped === undefined ? { set, remove: ["stopped"] } : { set: { ...set, stopped } };
}
