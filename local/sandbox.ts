import { spawnSync } from "node:child_process";
import { describeFaults } from "./emulator/describe-faults.ts";
import { readSandboxArguments, SANDBOX_PORT, type SandboxOptions } from "./sandbox/read-arguments.ts";
import { alarmsOf, startSandbox } from "./sandbox/start-sandbox.ts";
import { describeChange } from "./start/describe-change.ts";
import { LocalRunError } from "./start/local-run-error.ts";

const USAGE = `A whole Cutover on loopback, to practise in: an Evo Voice emulator, the front door
and the worker that ship to AWS Lambda, the ledger and the alarms. No data leaves
the machine, and no data is kept.

usage: npm run sandbox -- [options]

  --policy FILE   your own policy; its customers are those of the emulator
  --customers N   the number of customers (default 1000)
  --faults SPEC   the faults of the emulator, as name=value,name=value
                  (default: none)
  --fast N        bakes and waits pass N times faster (default 60: a minute is a
                  second; 1 is as in AWS)
  --seed S        the seed of the customers and the faults (default 1)
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
    const onChange = (change: Parameters<typeof describeChange>[0]) =>
      console.log(`${change.rolloutId}  ${describeChange(change)}`);
    const { emulator, executions } = await startSandbox(options, onChange, stack);
    console.log(toWelcome(options, Number(new URL(executions.address).port)));
    await Promise.race([ended, emulator.crash]);
    return 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE")
      return complain(
        `port ${options.port} is in use, perhaps by another sandbox: end it, or choose another --port`,
        1,
      );
    if (error instanceof LocalRunError) return complain(error.message, 1);
    throw error;
  } finally {
    await stack.disposeAsync();
  }
}

/** A signal, or the end of the parent. npm does not pass SIGTERM on, and a shell stands between it and this process. */
function waitForEnd(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => resolve());
    const { ppid: parent } = process;
    const npm = process.env.npm_lifecycle_event === undefined ? undefined : findParent(parent);
    setInterval(() => (process.ppid !== parent || !isAlive(npm)) && resolve(), PARENT_MS);
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

function toWelcome({ customers, fast, faults, policy }: SandboxOptions, port: number): string {
  const [alarm] = alarmsOf(policy);
  const at = port === SANDBOX_PORT ? "--sandbox" : `--sandbox --port ${port}`;
  return `Cutover sandbox on http://127.0.0.1:${port}: ${customers} customers${faults && `, faults ${faults}`}
Open it in a browser to see and steer a rollout. Bakes and waits pass ${fast} times faster. Ctrl-C ends it, and keeps nothing.

Try in another terminal, the last one while a wave bakes:

  npx cutover plan promote 2026.11.0 --all ${at}
  npx cutover promote 2026.11.0 --all ${at}
  npx cutover abort ${at}
${alarm === undefined ? "" : toAlarmHint(alarm, port)}`;
}

function toAlarmHint(alarm: string, port: number): string {
  return `
A bad release: let an alarm go off while a wave bakes.

  curl -X PUT -d ALARM http://127.0.0.1:${port}/alarms/${encodeURIComponent(alarm)}
`;
}

function complain(message: string, code: number): number {
  console.error(`sandbox: ${message}`);
  return code;
}
