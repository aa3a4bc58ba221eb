import { EXIT, Failure } from "../cli/failure.ts";
import { describeFaults } from "./emulator/describe-faults.ts";
import { readStartArguments, type StartOptions } from "./start/read-arguments.ts";
import { rollOut } from "./start/roll-out.ts";
import { runScenario } from "./start/run-scenario.ts";

const USAGE = `Runs one rollout in a sandbox on this machine: the functions that ship to AWS Lambda
flip the customers of an Evo Voice emulator, and the report is compared with what
the emulator holds. No data leaves the machine, and no data is kept.

usage: npm start -- [options]

  --scenario NAME a scenario instead of one rollout: rollback (an alarm goes off
                  during the second wave, and every customer is restored) or crash
                  (the process is killed, and another process resumes)
  --event FILE    the deploy event (default local/start/example-event.json)
  --trigger NAME  the trigger that delivers the event: github, webhook, schedule,
                  codepipeline, eventbridge or console; for github and webhook a
                  mapping in the policy starts the rollout, without an event
                  (default: none, sent as the command line does)
  --customers N   the number of customers (default 1000)
  --rate N        the most requests a second (default 1000)
  --faults SPEC   the faults of the emulator, as name=value,name=value
                  (default: none)
  --seed S        the seed of the customers and the faults (default 1)
  --json          print only the report, as JSON; npm itself prints two lines
                  before the report, unless you run npm --silent start -- --json
  -h, --help      print this

exit code: 0 when the rollout succeeded, or the scenario ended as expected, and the
emulator agrees with the report; 1 when not; 2 for a bad event or option

try   npm start -- --scenario rollback
      npm start -- --trigger github
      npm start -- --faults error-5xx=0.05,drop-after=0.02,session-death=200,retry-after=0

faults:
${describeFaults()}
`;

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

// A reader may close the pipe early (`npm start | head`). That is not a crash.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

const exitCode = await main();
process.stdout.write("", () => process.exit(exitCode));

async function main(): Promise<number> {
  const commandLine = readStartArguments(process.argv.slice(2));
  switch (commandLine.kind) {
    case "help":
      process.stdout.write(USAGE);
      return 0;
    case "bad":
      complain(
        [
          "bad options, not started:",
          ...commandLine.problems.map((problem) => `  - ${problem}`),
          "try npm start -- --help",
        ].join("\n"),
      );
      return 2;
    case "start":
      return runAndExplain(commandLine.options);
  }
}

interface End {
  readonly exitCode: number;
  /** Printed after all servers are closed. */
  readonly message?: string;
}

async function runAndExplain(options: StartOptions): Promise<number> {
  const { exitCode, message } = await runAndCleanUp(options);
  if (message !== undefined) complain(message);
  return exitCode;
}

/** Leaves no process, no server and no file behind. */
async function runAndCleanUp(options: StartOptions): Promise<End> {
  const stack = new AsyncDisposableStack();
  try {
    const { scenario } = options;
    const interruption = waitForInterruption();
    const run = scenario === undefined ? rollOut(options, stack) : runScenario(scenario, options, stack);
    return await Promise.race([interruption, run.then((exitCode) => ({ exitCode }))]);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { exitCode, message } = error;
    const hint = `correct ${options.eventFile}, then start again; docs/events.md names every member`;
    return { exitCode, message: exitCode === EXIT.refused ? `${message}\n${hint}` : message };
  } finally {
    await stack.disposeAsync();
  }
}

/** The same signal may arrive twice: from the terminal, and from npm. */
function waitForInterruption(): Promise<End> {
  return new Promise((resolve) => {
    for (const [signal, exitCode] of Object.entries(EXIT_CODES)) {
      const message = `stopped by ${signal} before the end; no data was kept`;
      process.on(signal, () => resolve({ exitCode, message }));
    }
    for (const stream of [process.stdout, process.stderr]) stream.on("error", () => resolve({ exitCode: 1 }));
  });
}

function complain(message: string): void {
  process.stderr.write(`start: ${message}\n`);
}
