import { spawnSync } from "node:child_process";
import type { RolloutEvent } from "../lambda/core/report/rollout-event.ts";
import { formatDuration } from "../lambda/core/report/text-layout.ts";
import { describeFaults } from "./emulator/describe-faults.ts";
import { describeChange } from "./sandbox/describe-change.ts";
import { readSandboxArguments, SANDBOX_PORT, type SandboxOptions } from "./sandbox/read-arguments.ts";
import { type Sandbox, startSandbox } from "./sandbox/start-sandbox.ts";

const USAGE = `A whole Cutover on loopback, to practise in: an Evo Voice emulator, the front door,
the webhook and the worker that ship to AWS Lambda, the ledger and the alarms. No
data leaves the machine.

usage: npm run sandbox -- [options]

  --policy FILE   your own policy; its customers are those of the emulator
  --customers N   the number of customers (default 1000)
  --faults SPEC   the faults of the emulator, as name=value,name=value
                  (default: none)
  --fast N        bakes and waits pass N times faster (default 60: a minute is a
                  second; 1 is as in AWS)
  --seed S        the seed of the customers and the faults (default 1)
  --keep DIR      keep everything in a folder: a later start with it goes on, also
                  with the rollouts that run (default: nothing is kept)
  --port P        listen on this port; 0 is any free one (default ${SANDBOX_PORT})
  -h, --help      print this

faults:
${describeFaults()}
`;

/** How often the sandbox looks whether its parent is still there. */
const PARENT_MS = 500;

for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

process.exit(await main());

async function main(): Promise<number> {
  const args = readSandboxArguments(process.argv.slice(2));
  switch (args.kind) {
    case "help":
      console.log(USAGE);
      return 0;
    case "bad":
      return complain(`bad options, not started:\n${args.problems.map((problem) => `  - ${problem}`).join("\n")}`, 2);
    case "start":
      return run(args.options);
  }
}

async function run(options: SandboxOptions): Promise<number> {
  const stack = new AsyncDisposableStack();
  const ended = waitForEnd();
  try {
    const onChange = (change: RolloutEvent) => console.log(`${change.rolloutId}  ${describeChange(change)}`);
    console.log(toWelcome(options, await startSandbox(options, onChange, stack)));
    await ended;
    // A worker whose servers close writes down that they failed: a kept one ends as in a crash.
    if (options.folder === undefined) await stack.disposeAsync();
    return 0;
  } catch (error) {
    const { code, port } = error as NodeJS.ErrnoException & { readonly port?: number };
    if (code === "EADDRINUSE") return complain(explainPort(options, port), 1);
    throw error;
  }
}

function explainPort({ port, folder }: SandboxOptions, taken: number | undefined): string {
  return taken === port
    ? `port ${taken} is in use, perhaps by another sandbox: end it, or choose another --port`
    : `port ${taken} is in use, perhaps by another sandbox with --keep ${folder}: end it first`;
}

/** A signal, or the end of the parent. npm does not pass SIGTERM on, and a shell stands between it and this process. */
function waitForEnd(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => resolve());
    const { ppid: parent } = process;
    const npm = process.env.npm_lifecycle_event === undefined ? undefined : findParent(parent);
    const timer = setInterval(() => {
      if (process.ppid === parent && isAlive(npm)) return;
      clearInterval(timer);
      console.error("sandbox: it ends, because the process that started it has ended");
      resolve();
    }, PARENT_MS);
  });
}

/** Without `ps`, as on Windows, the parent's parent is not known. */
function findParent(pid: number): number | undefined {
  const { stdout } = spawnSync("ps", ["-o", "ppid=", "-p", String(pid)], { encoding: "utf8" });
  return Number(stdout) || undefined;
}

function isAlive(pid: number | undefined): boolean {
  try {
    return pid === undefined || process.kill(pid, 0);
  } catch {
    return false;
  }
}

function toWelcome(
  { customers, fast, faults, folder }: SandboxOptions,
  { port, emulator, alarms: [alarm], webhooks }: Sandbox,
): string {
  const at = port === SANDBOX_PORT ? "--sandbox" : `--sandbox --port ${port}`;
  const end = folder === undefined ? "Ctrl-C ends it, and keeps nothing" : `Ctrl-C ends it, and ${folder} keeps it`;
  return `Cutover sandbox on http://127.0.0.1:${port}: ${customers} customers${faults && `, faults ${faults}`}
Open it in a browser to see and steer a rollout. ${end}.
${fast === 1 ? "" : toPace(fast)}Its Evo Voice is ${emulator.address}.

Try in another terminal, the last one while a wave bakes:

  npx cutover plan promote 2026.11.0 --all ${at}
  npx cutover promote 2026.11.0 --all ${at}
  npx cutover abort ${at}
${alarm === undefined ? "" : toAlarmHint(alarm, port)}${webhooks.length === 0 ? "" : toWebhookHint(webhooks)}`;
}

/** The clock is the machine's, because freezes and `notAfter` are times of day. */
function toPace(fast: number): string {
  return `Bakes and waits pass ${fast} times faster: an hour takes ${formatDuration(3_600_000 / fast)}. So a pause or an approval ends before
the time of day that is shown for its end. Freezes and --not-after go by the clock.
`;
}

function toAlarmHint(alarm: string, port: number): string {
  return `
A bad release: let an alarm go off while a wave bakes.

  curl -X PUT -d ALARM http://127.0.0.1:${port}/alarms/${encodeURIComponent(alarm)}
`;
}

function toWebhookHint(webhooks: Sandbox["webhooks"]): string {
  const lines = webhooks.map(({ url, secret }) => `  ${url}   ${secret}\n`);
  return `\nThe webhook takes deliveries that are signed with these secrets:\n\n${lines.join("")}`;
}

function complain(message: string, code: number): number {
  console.error(`sandbox: ${message}`);
  return code;
}
