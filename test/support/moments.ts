import type { CommandRecord } from "../../lambda/core/gate/apply-commands.ts";
import { type DynamoDbProxy, startDynamoDbProxy } from "./dynamodb-proxy.ts";
import { type Ledger, openLedger } from "./ledger.ts";
import type { World } from "./world.ts";

/** Where a rollout is: what it last told the outside, and at which wave. */
export type Stage = "preparing" | `approval ${number}` | "flipping" | `baking ${number}` | "rolling back";

/** A rollout comes to its n-th look at controls and commands in this stage. */
export interface Look {
  readonly stage: Stage;
  readonly n: number;
}

/** Lets a test do something at an exact moment of a rollout, which waits for it. */
export interface Moments {
  /** The ledger itself: what is asked of it is no moment. */
  readonly ledger: Ledger;
  /** Is told of every look, and of the stage that it is made in. */
  onLook(listener: (look: Look) => void | Promise<void>): void;
  /** Acts once: when the n-th request that sets a flag to this value arrives. */
  atFlip(flag: boolean, n: number, act: () => void | Promise<void>): void;
  send(command: Sent): Promise<void>;
  /** @throws what a listener threw */
  close(): Promise<void>;
}

export type Sent = Pick<CommandRecord, "command" | "pauseSeconds" | "rollback" | "wave"> & {
  readonly rolloutId?: string;
};

const POST = "SetCustomerStagingMode";
const CHANGE = /\\"change\\":\\"([a-z ]+)\\"/;
const WAVE = /\\"wave\\":(\d+)/;
const DECISION = /\\"decision\\":\\"([a-z ]+)\\"/;

/** From now on workers find their ledger behind a proxy that sees each look, and each change of state that is noted. */
export async function watchMoments(world: World): Promise<Moments> {
  const proxy = await startDynamoDbProxy(world.environment.AWS_ENDPOINT_URL_DYNAMODB ?? "");
  Object.assign(process.env, { AWS_ENDPOINT_URL_DYNAMODB: proxy.address });
  const ledger = openLedger(world);
  const listeners: ((look: Look) => void | Promise<void>)[] = [];
  const errors: unknown[] = [];
  const keep = (error: unknown) => void errors.push(error);
  follow(proxy, async (look) => {
    for (const listener of listeners) await Promise.resolve(look).then(listener).catch(keep);
  });
  let sent = 0;

  return {
    ledger,
    onLook: (listener) => void listeners.push(listener),
    atFlip: (flag, n, act) => atFlip(world, { flag, n }, () => Promise.resolve().then(act).catch(keep)),
    async send({ rolloutId = "night", ...command }) {
      sent += 1;
      const said = { requestedBy: "ann", reason: "calls drop", at: "2026-11-23T02:00:00.000Z" };
      await ledger.addCommand(rolloutId, { id: `command-${sent}`, ...said, ...command });
    },
    async close() {
      await proxy.close();
      if (errors.length > 0) throw errors[0];
    },
  };
}

export function atFlip(
  { emulator }: Pick<World, "emulator">,
  { flag, n }: { readonly flag: boolean; readonly n: number },
  act: () => void | Promise<void>,
): void {
  let seen = 0;
  emulator.onRequest(async ({ operation, phase, customerId = "" }) => {
    // The body that says the flag is not shown: a customer that is there already is being moved away.
    if (operation !== POST || phase !== "arrived" || emulator.customer(customerId)?.isStaging === flag) return;
    seen += 1;
    if (seen === n) await act();
  });
}

function follow(proxy: DynamoDbProxy, listener: (look: Look) => Promise<void>): void {
  let stage: Stage = "preparing";
  let n = 0;
  proxy.listener = async ({ operation, body, phase }) => {
    if (phase !== "arrived") return undefined;
    const next = toStage(body);
    if (next !== undefined) [stage, n] = [next, 0];
    if (operation !== "BatchGetItem") return undefined;
    n += 1;
    await listener({ stage, n });
    return undefined;
  };
}

/** The stage that begins with what is written. */
function toStage(body: string): Stage | undefined {
  if (body.includes('"hold-release"')) return "rolling back";
  switch (CHANGE.exec(body)?.[1]) {
    case "approval asked":
      return `approval ${Number(WAVE.exec(body)?.[1])}`;
    case "approved":
    case "started":
      return "flipping";
    case "wave done":
      return `baking ${Number(WAVE.exec(body)?.[1])}`;
    case "gate decided":
      return DECISION.exec(body)?.[1] === "proceed" ? "flipping" : undefined;
    default:
      return undefined;
  }
}
