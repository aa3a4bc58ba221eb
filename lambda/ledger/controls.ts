import { randomUUID } from "node:crypto";
import {
  applyControlChange,
  type ChangedControls,
  type ControlChange,
  type Controls,
  type LockAndControls,
} from "../core/controls.ts";
import { controlsKey, environmentKey } from "./keys.ts";
import { type HoldRow, toControls } from "./lock.ts";
import { ABSENT, type Item, type Table } from "./table.ts";

type KeptChange = ControlChange & { readonly id: string; readonly revision: number };

/** The limit for holds and ids. An item holds 400 KB; the rest is for the lock, the stop switch and the last change. */
const MOST_BYTES = 250_000;
/** How many ids of changes are kept, so that a change that is sent twice is made once. */
const MOST_RECENT = 20;

/**
 * The controls of an environment. Each change is one write on the condition that the revision is the one that was read;
 * otherwise the writer reads again. The write does not touch the lock, which is in the same item. The item also contains
 * the last change, and the writer of the next change copies it into the history: a writer may crash before it does so.
 */
export function createControls(table: Table, environment: string) {
  const key = controlsKey(environment);

  async function keep(change: KeptChange | undefined): Promise<void> {
    if (change === undefined) return;
    const historyKey = environmentKey(environment, `control#${change.at}#${change.id}`);
    await table.putIf(historyKey, { kept: change }, { pk: ABSENT });
  }

  return {
    /** The same id is the same change. */
    async changeControls(change: ControlChange, id: string = randomUUID()) {
      for (;;) {
        const item = (await table.get(key)) ?? {};
        const read = toControls(item);
        const { recent = [], last } = item as Recent;
        await keep(last);
        if (recent.includes(id)) return { kind: "changed", controls: read } as const;
        const changed = changeWithin(read, change);
        if (changed.kind === "refused") return changed;
        const next: KeptChange = { ...change, id, revision: (read.revision ?? 0) + 1 };
        const facts = { revision: next.revision, recent: [id, ...recent].slice(0, MOST_RECENT), last: next };
        const asRead = { revision: read.revision ?? ABSENT };
        if (!(await table.updateIf(key, toUpdate(changed.controls, facts), asRead))) continue;
        await keep(next);
        return { kind: "changed", controls: { ...read, ...changed.controls, revision: next.revision } } as const;
      }
    },
    /** The changes, the oldest first. */
    async *readControlHistory(): AsyncGenerator<ControlChange> {
      for await (const { kept } of table.query(environmentKey(environment, "control#"))) yield kept as ControlChange;
    },
  };
}

const TOO_LARGE =
  "no further release or customer was added: the controls are full; clear holds that are no longer needed";

interface Recent {
  readonly recent?: readonly string[];
  readonly last?: KeptChange;
}

/** Only a change that adds something is limited. */
function changeWithin(read: LockAndControls, wanted: ControlChange): ChangedControls {
  const changed = applyControlChange(read, wanted);
  const isGrowing = wanted.change === "hold-release" || wanted.change === "protect";
  if (changed.kind === "refused" || !isGrowing) return changed;
  const { holds, protectedIds } = changed.controls;
  const isTooLarge = Buffer.byteLength(JSON.stringify([holds, protectedIds])) > MOST_BYTES;
  return isTooLarge ? { kind: "refused", problem: TOO_LARGE } : changed;
}

function toUpdate({ stopped, loginAgain, holds, protectedIds, freezes }: Controls, facts: Item) {
  const rows = Object.entries(holds).map(([release, hold]): HoldRow => ({ release, ...hold }));
  const set = { ...facts, holds: rows, protectedIds, ...(loginAgain && { loginAgain }), ...(freezes && { freezes }) };
  return stopped === undefined ? { set, remove: ["stopped"] } : { set: { ...set, stopped } };
}
