import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A process of its own that answers one request at a time; it ends with this one. */
export interface Child {
  ask<Reply>(request: unknown): Promise<Reply>;
  end(): Promise<void>;
}

export interface ChildOptions {
  /** Options of Node itself. */
  readonly execArgv?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

type Message = { readonly reply: unknown } | { readonly error: string };

/** Starts a script that calls {@link answerParent}. What it prints is dropped: the worker's logs are no figures. */
export function startChild(script: URL, { execArgv = [], environment = {} }: ChildOptions = {}): Child {
  const child = fork(script, {
    execArgv: [...execArgv],
    env: { ...process.env, ...environment },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  endWithThisProcess(child);
  return {
    async ask<Reply>(request: unknown): Promise<Reply> {
      child.send({ request });
      const message = await nextMessage(child);
      if ("error" in message) throw new Error(message.error);
      return message.reply as Reply;
    },
    end: () => end(child, () => child.disconnect()),
  };
}

function nextMessage(child: ChildProcess): Promise<Message> {
  return new Promise((resolve) => {
    const onExit = (code: number | null, signal: string | null) => {
      child.off("message", onMessage);
      resolve({ error: `a process of the benchmark ended early: ${signal ?? code}` });
    };
    const onMessage = (message: unknown) => {
      child.off("exit", onExit);
      resolve(message as Message);
    };
    child.once("message", onMessage);
    child.once("exit", onExit);
  });
}

/** The child's side: answers each request of the parent, and ends when the parent does. */
export function answerParent<Request>(answer: (request: Request) => Promise<unknown>): void {
  process.on("disconnect", () => process.exit(0));
  process.on("message", ({ request }: { readonly request: Request }) => {
    answer(request).then(
      (reply) => process.send?.({ reply }),
      (error: unknown) => process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : "failed" }),
    );
  });
}

export interface EmulatorProcess {
  readonly address: string;
  readonly userName: string;
  readonly password: string;
  readonly accountId: string;
  end(): Promise<void>;
}

/** `node local/run-emulator.ts` with these options, as anybody can start it. */
export async function startEmulatorProcess(
  options: Readonly<Record<string, string | number>>,
): Promise<EmulatorProcess> {
  const script = new URL("../../local/run-emulator.ts", import.meta.url);
  const given = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(process.execPath, [script.pathname, "--json", ...given], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  endWithThisProcess(child);
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  const login = JSON.parse(line) as { readonly address: string; readonly userName: string; readonly password: string };
  const accounts = await fetch(`${login.address}/emulator/accounts`);
  const { accountId } = (await accounts.json()) as { readonly accountId: string };
  return { ...login, accountId, end: () => end(child, () => child.kill("SIGTERM")) };
}

/** The ids of the customers that a rollout of the emulator's main account would flip. */
export async function readCustomerIds({ address, accountId }: EmulatorProcess): Promise<readonly string[]> {
  const lines = (await (await fetch(`${address}/emulator/customers`)).text()).trim().split("\n");
  return lines
    .map((line) => JSON.parse(line) as { readonly id: string; readonly accountId: string })
    .filter((customer) => customer.accountId === accountId)
    .map(({ id }) => id);
}

export async function setFaults({ address }: EmulatorProcess, faults: string): Promise<void> {
  await fetch(`${address}/emulator/faults`, { method: "PUT", body: faults });
}

export async function readStats({ address }: EmulatorProcess): Promise<{
  readonly requests: Readonly<Record<string, number>>;
  readonly refused429: number;
}> {
  const stats = await fetch(`${address}/emulator/stats`);
  return (await stats.json()) as { requests: Record<string, number>; refused429: number };
}

function endWithThisProcess(child: ChildProcess): void {
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  child.once("exit", () => process.off("exit", kill));
}

async function end(child: ChildProcess, ask: () => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  ask();
  await ended;
}
