import { parsePolicy } from "../../../../lambda/config.ts";
import { NO_COUNTS } from "../../../../lambda/core/flip/outcome.ts";
import type { Plan } from "../../../../lambda/core/plan/plan.ts";
import type { Report } from "../../../../lambda/core/report/report.ts";
import type { RolloutEvent } from "../../../../lambda/core/report/rollout-event.ts";
import type { RolloutStatus } from "../../../../lambda/core/report/rollout-status.ts";
import { formatTime } from "../../../../lambda/core/report/text-layout.ts";
import type { RolloutRecord } from "../../../../lambda/core/rollout-record.ts";
import { answerCommand } from "../../../../lambda/front-door/answer-command.ts";
import type { ControlCommand } from "../../../../lambda/front-door/change-controls.ts";
import { dispatch } from "../../../../lambda/front-door/dispatch.ts";
import type { RolloutCommand } from "../../../../lambda/front-door/note-command.ts";
import type { FrontDoorPorts } from "../../../../lambda/front-door/ports.ts";
import { beforeEach, describe, expect, test } from "../../../support/jest.ts";
import { aPolicy } from "../contract/an-event.ts";
import { NOW_MS, useTable } from "../ledger/use-table.ts";

const AT = new Date(NOW_MS).toISOString();
const FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:front-door";
const VIA = { qualifier: "steer" } as const;
const ANN = { requestedBy: "ann", reason: "calls drop" };
const NIGHT = { ...ANN, rolloutId: "night" };
const RESUME = { ...NIGHT, command: "resume" } as const;
const PAUSE = { ...NIGHT, command: "pause", minutes: 60 } as const;
const ABORT = { ...NIGHT, command: "abort", rollback: true } as const;
const COMMANDS: readonly RolloutCommand[] = [
  { ...PAUSE, minutes: 1.5 },
  RESUME,
  { ...NIGHT, command: "skip-bake" },
  { ...NIGHT, command: "skip-all-bakes" },
  { ...ABORT, rollback: false },
];

const { ledger, table, scan } = useTable();
let ports: FrontDoorPorts;
let isRunning: boolean;

beforeEach(async () => {
  isRunning = true;
  ports = {
    ledger,
    executions: { findEnd: async () => ({ running: isRunning }) },
    log: { info: () => {} },
    policy: parsePolicy(aPolicy()),
    nowMs: () => NOW_MS,
  } as unknown as FrontDoorPorts;
});

const BAKING: RolloutEvent = {
  ...{ rolloutId: "night", action: "promote", release: "2026.11", at: AT },
  ...{ change: "wave done", wave: 1, waves: 2, counts: NO_COUNTS },
};
const PLAN: Plan = {
  ...{ hash: "9bed", flip: 30, unchanged: 0, skipped: 0, batches: 2, settledItems: 0 },
  waves: [
    { wave: 1, from: 0, to: 1, customers: 10, bakeSeconds: 300 },
    { wave: 2, from: 1, to: 2, customers: 20, bakeSeconds: 0 },
  ],
};

/** In its first bake, and paused: so every command has an effect. */
async function aRolloutThatBakes(): Promise<void> {
  await aRollout("running", { plan: PLAN, lastEvent: BAKING });
  const pause = { id: "first", command: "pause", requestedBy: "bob", reason: "lunch", at: AT } as const;
  await ledger.addCommand("night", { ...pause, pauseSeconds: 3_600 });
}

type Changes = Partial<RolloutRecord>;

/** A rollout `night`, as the ledger knows it. */
async function aRollout(status: string, changes: Changes = {}): Promise<void> {
  const event = { action: "promote", release: "2026.11", targets: [{ all: true }], dryRun: false } as const;
  await ledger.createRollout({
    ...{ rolloutId: "night", fingerprint: "f", execution: "arn:night", event, startedAtMs: 1 },
    status: status as RolloutStatus,
    ...changes,
  });
}

async function aRolloutThatEnded(status: RolloutStatus, problem?: string): Promise<void> {
  await aRollout("running");
  const counts = { ...NO_COUNTS, flipped: 12, failed: 1 };
  const problems = problem && [{ message: problem }];
  await ledger.endRollout("night", { rolloutId: "night", status, counts, problems } as unknown as Report);
}

function send(command: RolloutCommand | ControlCommand) {
  return answerCommand(ports, command, VIA);
}

function refusal(command: string, why: string): Error {
  return new Error(`nothing was done: ${command} has no effect on rollout night: ${why}`);
}

const UNDO = '\nTo undo it: {"action":"rollback","rolloutId":"night"}';

async function readCommands() {
  return (await ledger.readGateInputs("night")).commands;
}

test.each(COMMANDS)("$command for a rollout that bakes is noted with its sender, time and reason", async (command) => {
  await aRolloutThatBakes();

  expect(await send(command)).toEqual({ rolloutId: "night", command: command.command, status: "noted" });
  const { minutes: _minutes, rolloutId: _night, ...said } = { minutes: 0, ...command };
  expect((await readCommands()).slice(1)).toEqual([
    {
      ...{ ...said, at: AT, phase: "baking", via: VIA, wave: 1 },
      id: expect.stringMatching(new RegExp(`^${command.command}-[0-9a-f]{12}$`)),
      ...(command.command === "pause" && { pauseSeconds: 90 }),
    },
  ]);
});

describe("every command", () => {
  async function expectAllRefused(message: (command: RolloutCommand) => RegExp | Error): Promise<void> {
    const before = await scan();
    for (const command of COMMANDS) await expect(send(command)).rejects.toThrow(message(command));
    expect(await scan()).toEqual(before);
  }

  test.each([
    ["succeeded", undefined, "succeeded: 12 flipped, 1 failed"],
    ["failed", "the failure budget is spent", "failed: 12 flipped, 1 failed; the failure budget is spent"],
  ] as const)("for a rollout that has %s is refused with how it ended", async (status, problem, said) => {
    await aRolloutThatEnded(status, problem);
    await expectAllRefused(({ command }) =>
      refusal(command, `it has ended as ${said}${command === "abort" ? UNDO : ""}`),
    );
  });

  test("for a rollout whose execution died is refused, though the ledger does not say so", async () => {
    await aRollout("running");
    isRunning = false;
    await expectAllRefused(() => /it has ended as failed; its execution was stopped, failed or timed out/);
  });

  test("for an unknown rollout is refused with what to do", async () => {
    const message = /^nothing was done: no rollout night is known: .* send the command again once it runs$/;
    await expectAllRefused(() => message);
  });

  test.each(["running", "planned"])("for a dry run that is %s is refused", async (status) => {
    const event = { action: "stage", release: "2026.11", targets: [{ all: true }], dryRun: true } as const;
    await aRollout(status, { event: event as unknown as RolloutRecord["event"] });
    await expectAllRefused(() => / has no effect on rollout night: it is a dry run, .* and ends by itself$/);
  });

  test("is one under its id, however often it comes, from any sender, also after the end", async () => {
    await aRolloutThatBakes();
    const named = COMMANDS.map((command) => ({ ...command, id: `${command.command}-1` }));
    for (const command of named) {
      await Promise.all([send(command), send(command), send({ ...command, requestedBy: "bob", reason: "again" })]);
    }
    await ledger.endRollout("night", { rolloutId: "night", status: "succeeded", counts: NO_COUNTS } as Report);

    for (const command of named) {
      expect(await send(command)).toEqual({ rolloutId: "night", command: command.command, status: "noted" });
    }
    expect(await readCommands()).toHaveLength(1 + COMMANDS.length);
  });

  test("under the id of another command is refused, also of one of its kind", async () => {
    await aRolloutThatBakes();
    await send({ ...PAUSE, id: "job-1" });
    await send({ ...ABORT, id: "job-2" });
    const refusal = /the id job-\d belongs to a different command of rollout/;
    for (const command of COMMANDS)
      for (const id of ["job-1", "job-2"]) await expect(send({ ...command, id })).rejects.toThrow(refusal);
    expect(await readCommands()).toHaveLength(3);
  });
});

describe("a command without effect is refused, and not noted:", () => {
  const DECIDED = { ...BAKING, change: "gate decided", wave: 1, reasons: [] } as const;
  const halted: Changes = { plan: PLAN, lastEvent: { ...DECIDED, decision: "halt" } };
  const proceeding: Changes = { plan: PLAN, lastEvent: { ...DECIDED, decision: "proceed" } };
  const turned: Changes = { plan: PLAN, lastEvent: { ...DECIDED, decision: "roll back" } };
  const rollback = { restored: 12, conflicting: 0, failed: 0 };
  const restored: Changes = { plan: PLAN, lastEvent: { ...BAKING, change: "rolled back", rollback } };
  const unbaked = { ...PLAN, waves: PLAN.waves.map((wave) => ({ ...wave, bakeSeconds: 0 })) };
  const atGate: Changes = { plan: unbaked, lastEvent: BAKING };
  const NO_BAKE = "no bake is under way:";
  const ENDING = "it is ending and flips no more customers";

  test.each<[RolloutCommand["command"], string, Changes, string]>([
    ["skip-bake", "in a flip", proceeding, `${NO_BAKE} wave 2 is still flipping`],
    ["skip-bake", "in the lookup", {}, `${NO_BAKE} no customer is flipped yet`],
    ["skip-bake", "in a wait for the lock", { status: "waiting" }, `${NO_BAKE} the rollout waits to begin`],
    ["skip-bake", "at a gate without a bake", atGate, `${NO_BAKE} wave 1 has no bake, and is at its gate`],
    ["skip-bake", "in a rollback", turned, `${NO_BAKE} a rollback has no bakes`],
    ["skip-all-bakes", "before a wave without a bake", proceeding, "no bake is left"],
    ["skip-all-bakes", "in a rollback", turned, "no bake is left"],
    ["resume", "without a pause", { plan: PLAN, lastEvent: BAKING }, "it is not paused"],
    ["pause", "after a halt", halted, ENDING],
    ["abort", "after a halt", halted, `${ENDING}${UNDO}`],
    ["abort", "after its rollback", restored, ENDING],
    ["abort", "after a rollback by another rollout", { ...halted, rolledBackBy: "back" }, ENDING],
  ])("%s %s", async (name, _when, changes, problem) => {
    await aRollout("running", changes);
    const command = COMMANDS.find((each) => each.command === name) as RolloutCommand;

    await expect(send(command)).rejects.toThrow(refusal(name, problem));
    expect(await readCommands()).toEqual([]);
  });

  test("a resume after a resume", async () => {
    await aRolloutThatBakes();
    await send(RESUME);
    await expect(send(RESUME)).rejects.toThrow(/it is not paused$/);
  });
});

describe("an answer to an approval", () => {
  const HASH = "9bed".repeat(16);
  const asked: RolloutEvent = {
    ...{ rolloutId: "night", action: "promote", release: "2026.11", at: AT, change: "approval asked" },
    ...{ wave: 2, waves: 2, customers: 20, plan: HASH, until: "2026-11-24T00:00:00.000Z" },
  };
  const plan = { ...PLAN, hash: HASH };
  const approve = { ...NIGHT, command: "approve", plan: HASH.slice(0, 12) } as const;
  const reject = { ...approve, command: "reject" } as const;

  const answers = [approve, reject, { ...approve, plan: HASH, wave: 2 }];
  test.each(answers)("is noted with the wave that waits: %j", async (answer) => {
    await aRollout("running", { plan, lastEvent: asked });
    expect(await send(answer)).toMatchObject({ status: "noted" });
    const { command, plan: seen } = answer;
    expect(await readCommands()).toMatchObject([{ command, plan: seen, phase: "waiting for approval", wave: 2 }]);
  });

  const late = { ...asked, until: "2026-11-23T00:00:00.000Z" } as RolloutEvent;

  test.each<[string, Partial<typeof approve> & { wave?: number }, RolloutEvent, string]>([
    ["for another plan", { plan: "0".repeat(12) }, asked, "its plan is 9bed9bed9bed, and not 000000000000"],
    ["for another wave", { wave: 1 }, asked, "wave 2 waits for an approval, and not wave 1"],
    ["after its time", {}, late, "the time for an answer was over at 2026-11-23 00:00:00 UTC"],
    ["while it bakes", {}, { ...BAKING, wave: 2 }, "it waits for no approval: wave 2 has no bake, and is at its gate"],
  ])("%s is refused", async (_what, changes, lastEvent, why) => {
    await aRollout("running", { plan, lastEvent });
    await expect(send({ ...approve, ...changes })).rejects.toThrow(refusal("approve", why));
    expect(await readCommands()).toEqual([]);
  });

  test("is refused when the wave has its answer, unless it is the same answer by its id", async () => {
    await aRollout("running", { plan, lastEvent: asked });
    await send({ ...approve, id: "ticket-1" });
    const why = `wave 2 has its answer: approve of wave 2, sent by ann at ${formatTime(AT)}: calls drop`;
    await expect(send(approve)).rejects.toThrow(refusal("approve", why));
    await expect(send(reject)).rejects.toThrow(refusal("reject", why));
    await expect(send({ ...reject, id: "ticket-1" })).rejects.toThrow(/belongs to a different command/);
    expect(await send({ ...approve, id: "ticket-1" })).toMatchObject({ status: "noted" });
    expect(await readCommands()).toHaveLength(1);
  });
});

test("skip-all-bakes is noted before the plan is known", async () => {
  await aRollout("running");
  expect(await send({ ...NIGHT, command: "skip-all-bakes" })).toMatchObject({ status: "noted" });
});

describe("commands", () => {
  test.each([
    [0.1, 6],
    [1.1, 66],
    [1_440, 86_400],
  ])("pause for whole seconds: %d minutes are %i", async (minutes, pauseSeconds) => {
    await aRollout("running");
    await send({ ...PAUSE, minutes });
    expect(await readCommands()).toMatchObject([{ pauseSeconds }]);
  });

  test("without ids are as many as were sent, in their order", async () => {
    await aRolloutThatBakes();
    for (const command of [...COMMANDS, ...COMMANDS]) await send(command);
    const sent = COMMANDS.map(({ command }) => command);
    expect((await readCommands()).slice(1).map(({ command }) => command)).toEqual([...sent, ...sent]);
  });

  test("that are too many are refused, and abort is still noted", async () => {
    await aRollout("running");
    const skip = { ...ANN, command: "skip-bake", at: AT };
    const commands = Array.from({ length: 90 }, (_, index) => ({ ...skip, id: `c-${index}` }));
    await table.put({ pk: "rollout#night", sk: "commands" }, { commands, count: 90 });
    const refusal = /has as many commands as it can take; send `abort`, for which places are kept/;
    await expect(send(PAUSE)).rejects.toThrow(refusal);
    expect(await send(ABORT)).toMatchObject({ status: "noted" });
  });
});

describe("a control", () => {
  const order = { ...ANN, at: AT };

  test("is answered with the controls as they are now", async () => {
    const stopped = { status: "stopped", stopped: order, holds: {}, protectedIds: [] };
    expect(await send({ ...ANN, command: "stop-everything" })).toEqual(stopped);
    await send({ ...ANN, command: "hold-release", release: "2026.11" });
    await ledger.changeControls({ ...order, change: "protect", customerIds: ["a", "b"] });
    expect(await answerCommand(ports, { command: "controls" }, VIA)).toMatchObject({
      holds: { "2026.11": { ...order, action: "stage" } },
      protectedIds: ["a", "b"],
    });
    await send({ ...ANN, command: "resume-everything" });
    await send({ ...ANN, command: "clear-release", release: "2026.11" });
    await send({ ...ANN, command: "try-login-again" });
    expect(await ledger.readControls()).toMatchObject({ loginAgain: order });
    const open = { status: "open", holds: {}, protectedIds: ["a"] };
    expect(await send({ ...ANN, command: "unprotect", customerIds: ["b"] })).toEqual(open);
  });

  test("is shown by controls, with its last changes, the newest first", async () => {
    const open = { status: "open", holds: {}, protectedIds: [], changes: [] };
    expect(await answerCommand(ports, { command: "controls" }, VIA)).toEqual(open);
    for (let index = 0; index < 21; index += 1) {
      const at = new Date(NOW_MS + index * 1_000).toISOString();
      await ledger.changeControls({ ...{ ...ANN, at }, change: "protect", customerIds: [`c-${index}`] });
    }
    const shown = await answerCommand(ports, { command: "controls" }, VIA);
    expect(shown).toMatchObject({ status: "open", protectedIds: { length: 21 }, changes: { length: 20 } });
    const { changes = [] } = shown as { changes?: { at: string }[] };
    const times = changes.map(({ at }) => at);
    expect(times).toEqual(times.toSorted().reverse());
    expect(changes.at(-1)).toMatchObject({ ...ANN, change: "protect", customerIds: ["c-1"] });
  });

  test("that cannot be is refused with a sentence", async () => {
    await expect(send({ ...ANN, command: "clear-release", release: "2026.11" })).rejects.toThrow(
      new Error("nothing was done: 2026.11 is not held; the command controls shows the holds"),
    );
    await expect(send({ ...ANN, command: "unprotect", customerIds: ["vip"] })).rejects.toThrow(
      /^nothing was done: no customer lost its protection: the controls do not protect vip/,
    );
  });
});

describe("a secret", () => {
  const secret = "hunter2-and-more";

  test.each([
    ["in an address of the reason", { reason: `see https://ann:${secret}@evovoice.io/log` }],
    ["in the address of its sender", { requestedBy: `https://ann:${secret}@evovoice.io` }],
    ["in a member of its own", { password: secret }],
  ])("%s is refused and never in an item, nor in what is said", async (_where, changes) => {
    await aRollout("running");
    const before = await scan();
    const inputs = [
      { ...NIGHT, command: "abort" },
      { ...ANN, command: "stop-everything" },
      { ...ANN, command: "hold-release", release: "2026.11" },
      { ...ANN, command: "protect", customerIds: ["a"] },
    ];
    for (const input of inputs) {
      const refusal = await dispatch(ports, { ...input, ...changes }, FUNCTION).then(
        () => "not refused",
        (error: Error) => error.message,
      );
      expect(refusal).toMatch(/^the command was refused, nothing was done; 1 problem/);
      expect(refusal).not.toContain(secret);
    }
    expect(await scan()).toEqual(before);
  });

  test("is not where commands and controls are kept: only what they are made of is", async () => {
    await aRollout("running");
    await dispatch(ports, { ...NIGHT, command: "abort" }, FUNCTION);
    await dispatch(ports, { ...ANN, command: "stop-everything" }, FUNCTION);
    const items = await scan();
    const controls = items.find(({ sk }) => sk === "controls");
    expect(Object.keys(controls ?? {}).sort()).toEqual([
      ...["holds", "last", "pk", "protectedIds", "recent", "revision", "schemaVersion", "sk", "stopped"],
      ...["writtenAtMs", "writtenBy"],
    ]);
    expect(items.find(({ sk }) => sk === "commands")).toMatchObject({
      commands: [{ ...ANN, id: expect.any(String), command: "abort", at: AT, rollback: true, phase: "preparing" }],
    });
  });
});
