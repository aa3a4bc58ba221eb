import type { DeployEvent } from "../../../lambda/contract/deploy-event.ts";
import { findHold, type Lock, type LockAndControls } from "../../../lambda/core/controls.ts";
import type { Flip } from "../../../lambda/core/flip/flip-result.ts";
import { isFreezable } from "../../../lambda/core/freezes.ts";
import { type CommandRecord, findAnswer } from "../../../lambda/core/gate/apply-commands.ts";
import type { Plan } from "../../../lambda/core/plan/plan.ts";
import { findRestorable } from "../../../lambda/core/rollback/settle-before-rollback.ts";
import type { SourceRollouts } from "../../../lambda/core/rollback/source-rollouts.ts";
import { fromBatchItem } from "../../../lambda/ledger/batch-item.ts";
import { toControls } from "../../../lambda/ledger/lock.ts";
import type { Item, Key } from "../../../lambda/ledger/table.ts";
import type { EvoVoiceState } from "./fake-evo-voice.ts";
import type { Clock, Process } from "./processes.ts";

/** One change of a flag that really happened. */
export interface Write {
  readonly at: number;
  /** A rollout, or undefined: another system. */
  readonly rolloutId: string | undefined;
  readonly customerId: string;
  readonly flag: boolean;
  readonly was: boolean;
  /** Whether a rollout undid with it. */
  readonly isUndo: boolean;
}

interface Held {
  readonly lock: Lock;
  lostMs?: number;
  isReleased?: boolean;
  /** Of the last request that was made under it. */
  usedAt?: number;
}

/** What a process has recorded that it is about to do with a customer. */
interface Intention {
  readonly at: number;
  readonly atMs: number;
  /** Of the batch. */
  readonly key: string;
  readonly isUndo: boolean;
  /** A verification sends the flag of an earlier flip again. */
  readonly isAgain: boolean;
}

/** Sees everything that happens, and says what must not have. */
export interface Witness {
  /** What must not have happened. */
  readonly lies: string[];
  readonly writes: Write[];
  readonly locks: readonly Held[];
  /** Customers that an order has ever protected. */
  readonly everProtected: ReadonlySet<string>;
  wrote(key: Key, after: Item): void;
  /** Makes an effect in the name of a process. */
  by<Result>(process: Process, effect: () => Result): Result;
  read(process: Process, ids: readonly string[]): void;
  flip(process: Process, flip: Flip, begunMs: number): void;
  setFlag(customerId: string, flag: boolean): void;
  abortsOf(rolloutId: string): readonly CommandRecord[];
}

const CONTROLS_AGE_MS = 5_000;

export function createWitness(clock: Clock, evoVoice: EvoVoiceState): Witness {
  const lies: string[] = [];
  const writes: Write[] = [];
  const locks: Held[] = [];
  const everProtected = new Set<string>();
  const records = new Map<string, Item>();
  const batches = new Map<string, Item>();
  const commandsOf = new Map<string, { readonly command: CommandRecord; readonly at: number }[]>();
  /** When a process last recorded that it is about to flip a customer. */
  const intentions = new Map<string, Intention>();
  /** When a process last read a customer. */
  const readings = new Map<string, number>();
  /** Since when something stands in the controls. */
  const standingSince = new Map<string, number>();
  let now = 0;
  let controls: LockAndControls = toControls();
  let acting: Process | undefined;

  const lie = (text: string) => void lies.push(`${text} (at ${now})`);
  const idOf = (process: Process, customerId: string) => `${process.id} ${customerId}`;

  function noteOrders(after: LockAndControls): void {
    const before = controls;
    controls = after;
    const stands = [
      ...(after.stopped === undefined ? [] : ["stop"]),
      ...after.protectedIds.map((id) => `protect ${id}`),
      ...(after.freezes ?? []).map(({ until }) => `freeze ${until}`),
    ];
    for (const name of standingSince.keys()) if (!stands.includes(name)) standingSince.delete(name);
    for (const name of stands) if (!standingSince.has(name)) standingSince.set(name, now);
    for (const id of after.protectedIds) everProtected.add(id);
    if (after.lock?.fence === before.lock?.fence) return;
    const held = locks.at(-1);
    if (held !== undefined && held.lostMs === undefined) {
      held.lostMs = clock.nowMs;
      held.isReleased = after.lock === undefined;
    }
    if (after.lock !== undefined) noteLock(after.lock);
  }

  function noteLock(lock: Lock): void {
    if ((locks.at(-1)?.lock.fence ?? 0) >= lock.fence) lie(`fence ${lock.fence} was given out twice`);
    locks.push({ lock });
    const event = acting?.execution.event as DeployEvent;
    const later = toOrigin(event, records);
    if (later !== undefined && findHold(controls, later.action, later.release) !== undefined)
      lie(`${lock.rolloutId} began under a hold on ${later.release}`);
  }

  function noteBatch(key: Key, after: Item): void {
    batches.set(`${key.pk} ${key.sk}`, after);
    if (acting === undefined) return;
    const { intended, restoring, outcomes, rollback } = fromBatchItem(after);
    const isUndo = (acting.execution.event as DeployEvent).action === "rollback" || restoring.length > 0;
    const intention = { at: now, atMs: clock.nowMs, key: `${key.pk} ${key.sk}`, isUndo };
    for (const id of isUndo ? restoring : intended) intend(acting, id, { ...intention, isAgain: false });
    // A verification says that a flag is not applied, and sends it again.
    for (const { customerId, reason } of isUndo ? rollback : outcomes)
      if (reason.code === "not-applied") intend(acting, customerId, { ...intention, isAgain: true });
  }

  function intend(process: Process, customerId: string, intention: Intention): void {
    for (const by of [idOf(process, customerId), `${process.execution.name} ${customerId}`])
      intentions.set(by, intention);
  }

  function noteCommands(rolloutId: string, after: Item): void {
    const known = commandsOf.get(rolloutId) ?? [];
    const added = (after.commands as readonly CommandRecord[]).slice(known.length);
    commandsOf.set(rolloutId, [...known, ...added.map((command) => ({ command, at: now }))]);
  }

  function checkLock({ execution }: Process, begunMs: number): Held | undefined {
    const held = locks.findLast(({ lock }) => lock.execution === execution.arn);
    if (held === undefined) {
      lie(`${execution.name} flipped without a lock`);
      return undefined;
    }
    if (held.isReleased) lie(`${execution.name} flipped after it had given the lock back`);
    if (held.lostMs !== undefined && begunMs - held.lostMs > CONTROLS_AGE_MS)
      lie(`${execution.name} began a request ${begunMs - held.lostMs} ms after it had lost the lock`);
    const later = locks.find(({ lock, usedAt }) => lock.fence > held.lock.fence && usedAt !== undefined);
    if (later !== undefined) lie(`${execution.name} flipped after ${later.lock.rolloutId}, which has the lock, had`);
    held.usedAt = now;
    return held;
  }

  function checkOrders(process: Process, customerId: string, since: number): void {
    const who = `${process.execution.name} flipped ${customerId}`;
    const stoodBefore = (name: string) => (standingSince.get(name) ?? Number.POSITIVE_INFINITY) < since;
    if (stoodBefore("stop")) lie(`${who} in a batch that began after everything was stopped`);
    if (stoodBefore(`protect ${customerId}`)) lie(`${who} in a batch that began after an order protected it`);
  }

  /**
   * No flip begins while a freeze holds, and none of a wave before its approval. Neither blocks a rollback, and a freeze does
   * not block a verification: the flip whose flag it sends again began before.
   */
  function checkLeave(process: Process, rolloutId: string, { at, atMs, key, isAgain }: Intention): void {
    const who = `${process.execution.name} flipped in a batch that began`;
    const isFrozen = [...standingSince].some(
      ([name, since]) => name.startsWith("freeze ") && since < at && atMs < Date.parse(name.slice("freeze ".length)),
    );
    if (isFrozen && !isAgain && isFreezable(process.execution.event as DeployEvent))
      lie(`${who} while a freeze applied`);
    const { waves = [] } = JSON.parse(String(records.get(rolloutId)?.plan ?? "{}")) as Partial<Plan>;
    const place = Number(key.split("#").at(-1));
    const { wave, approvalSeconds } = waves.find(({ from, to }) => from <= place && place < to) ?? {};
    if (approvalSeconds === undefined) return;
    const sent = commandsOf.get(rolloutId) ?? [];
    const answer = findAnswer(
      sent.map(({ command }) => command),
      wave ?? 0,
    );
    const answeredAt = sent.find(({ command }) => command === answer)?.at ?? Number.POSITIVE_INFINITY;
    if (answer?.command !== "approve" || answeredAt > at) lie(`${who} without the approval of wave ${wave}`);
  }

  /** A customer that was right when it was read is not touched. */
  function checkNeeded(process: Process, customerId: string, flag: boolean): void {
    const readAt = readings.get(idOf(process, customerId)) ?? -1;
    const changedAt = writes.findLast((one) => one.customerId === customerId && one.flag !== one.was)?.at ?? -1;
    if (evoVoice.customers.get(customerId)?.isStaging === flag && changedAt < readAt)
      lie(`${process.execution.name} touched ${customerId}, which was right when it was read`);
  }

  /** A customer that another rollout has moved since is left alone. */
  function checkUndo({ execution }: Process, { customerId, isStaging: flag }: Flip, ours: readonly string[]): void {
    const last = writes.findLast((one) => one.customerId === customerId && one.flag !== one.was);
    // A flag that stands already is written without harm: a rollback does not ask before it writes.
    if (last?.flag === flag) return;
    if (last?.rolloutId !== undefined && !last.isUndo && !ours.includes(last.rolloutId))
      lie(`${execution.name} turned back ${customerId}, which ${last.rolloutId} has moved since`);
  }

  function checkAborts(process: Process, rolloutId: string, since: number): void {
    const turnedAt = turnedBackAt.get(rolloutId) ?? -1;
    const abort = (commandsOf.get(rolloutId) ?? []).find(
      ({ command, at }) => command.command === "abort" && at < since && at > turnedAt,
    );
    if (abort !== undefined) lie(`${process.execution.name} went on after it was aborted at ${abort.at}`);
  }
  /** When a rollout began to turn back: aborts before it led to that. */
  const turnedBackAt = new Map<string, number>();
  /** When it was written down that an alarm stops a rollout: that it is OK again takes nothing back. */
  const stoppedAt = new Map<string, number>();

  return {
    lies,
    writes,
    locks,
    everProtected,
    wrote(key, after) {
      now += 1;
      const rolloutId = key.pk.slice("rollout#".length);
      if (key.sk === "controls") noteOrders(toControls(after));
      else if (key.sk === "record") records.set(rolloutId, after);
      else if (key.sk === "commands") noteCommands(rolloutId, after);
      else if (key.sk === "stop") stoppedAt.set(rolloutId, now);
      else if (key.sk.startsWith("batch#")) noteBatch(key, after);
      else if (key.sk.startsWith("attempts#rollback-part") && !turnedBackAt.has(rolloutId))
        turnedBackAt.set(rolloutId, now);
    },
    by(process, effect) {
      acting = process;
      try {
        return effect();
      } finally {
        acting = undefined;
      }
    },
    read(process, ids) {
      now += 1;
      for (const id of ids) readings.set(idOf(process, id), now);
    },
    flip(process, asked, begunMs) {
      const { customerId, isStaging: flag } = asked;
      now += 1;
      const customer = evoVoice.customers.get(customerId);
      if (customer === undefined) return;
      const held = checkLock(process, begunMs);
      const rolloutId = held?.lock.rolloutId ?? process.execution.name;
      // A verification may send a flag again that another process of the execution had sent.
      const intention =
        intentions.get(idOf(process, customerId)) ?? intentions.get(`${process.execution.name} ${customerId}`);
      // A rollback writes the original flag whatever a reading shows.
      if (intention?.isUndo !== true) checkNeeded(process, customerId, flag);
      if (intention === undefined) lie(`${process.execution.name} flipped ${customerId} without having said so`);
      else {
        checkOrders(process, customerId, intention.at);
        checkAborts(process, rolloutId, intention.at);
        if (!intention.isUndo) checkLeave(process, rolloutId, intention);
        if (!intention.isUndo && intention.at > (stoppedAt.get(rolloutId) ?? Number.POSITIVE_INFINITY))
          lie(`${process.execution.name} flipped ${customerId} in a batch that began after an alarm had stopped it`);
        const batch = batches.get(intention.key);
        const [pk = ""] = intention.key.split(" ");
        const ours = intention.isUndo ? subjectOf(records, rolloutId) : [rolloutId];
        const isHeld = batch !== undefined && isIn(fromBatchItem(batch), customerId, intention.isUndo);
        if (!isHeld || !ours.includes(pk.slice("rollout#".length)))
          lie(`${process.execution.name} flipped ${customerId}, which its plan does not hold`);
        if (intention.isUndo) checkUndo(process, asked, ours);
      }
      if (customerId === "c0" || customer.accountId !== "ours") lie(`${customerId} was flipped, which is protected`);
      const later = originOf(records, rolloutId);
      const isUndo = intention?.isUndo ?? false;
      if (later !== undefined && flag !== ((later.action === "stage") !== isUndo))
        lie(`${process.execution.name} flipped ${customerId} the wrong way`);
      writes.push({ at: now, rolloutId, customerId, flag, was: customer.isStaging, isUndo });
      customer.isStaging = flag;
    },
    setFlag(customerId, flag) {
      now += 1;
      const customer = evoVoice.customers.get(customerId);
      if (customer === undefined) return;
      writes.push({ at: now, rolloutId: undefined, customerId, flag, was: customer.isStaging, isUndo: false });
      customer.isStaging = flag;
    },
    abortsOf: (rolloutId) =>
      (commandsOf.get(rolloutId) ?? []).flatMap(({ command }) => (command.command === "abort" ? command : [])),
  };
}

/** Whether a batch holds a customer; and for what undoes, whether it says that it may have been flipped. */
function isIn(batch: BatchFacts, customerId: string, isUndo: boolean): boolean {
  return (isUndo ? findRestorable(batch) : batch.customers).some(({ id }) => id === customerId);
}

type BatchFacts = ReturnType<typeof fromBatchItem>;

function eventOf(records: ReadonlyMap<string, Item>, rolloutId: string): DeployEvent | undefined {
  const text = records.get(rolloutId)?.event;
  return text === undefined ? undefined : (JSON.parse(String(text)) as DeployEvent);
}

function subjectOf(records: ReadonlyMap<string, Item>, rolloutId: string): readonly string[] {
  const text = records.get(rolloutId)?.source;
  const isRollback = eventOf(records, rolloutId)?.action === "rollback";
  if (text === undefined || !isRollback) return [rolloutId];
  return (JSON.parse(String(text)) as SourceRollouts).rollouts.map((one) => one.rolloutId);
}

interface LaterRollouts {
  readonly action: "stage" | "promote";
  readonly release: string;
}

/** What a rollout's event, or that of the one it goes on with or undoes, brings out. */
function originOf(records: ReadonlyMap<string, Item>, rolloutId: string): LaterRollouts | undefined {
  const event = eventOf(records, rolloutId);
  if (event === undefined) return undefined;
  if (event.action === "stage" || event.action === "promote") return event;
  const text = records.get(rolloutId)?.source;
  return text === undefined ? undefined : (JSON.parse(String(text)) as SourceRollouts);
}

/** The same of an event that has no record yet; undefined for a rollback, which goes on under a hold. */
function toOrigin(event: DeployEvent, records: ReadonlyMap<string, Item>): LaterRollouts | undefined {
  if (event.action === "rollback") return undefined;
  return event.action === "retry" ? originOf(records, event.rolloutId) : event;
}
