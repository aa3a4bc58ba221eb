import { describeFaults } from "./emulator/describe-faults.ts";
import { readCommandLine, type StartOptions } from "./start/command-line.ts";
import { LocalRunError } from "./start/local-run-error.ts";
import { playScenario } from "./start/play-scenario.ts";
import { complain, rollOut } from "./start/roll-out.ts";

const USAGE = `Runs one rollout on this machine: the handler that ships to AWS Lambda flips the
customers of an Evo Voice emulator, and what it reports is compared with what the
emulator holds. Nothing leaves the machine, and nothing is kept.

usage: npm start -- [options]

  --scenario NAME a story instead of one rollout: rollback (a wave turns bad, an
                  alarm goes off, everything is undone) or crash (the worker
                  kills itself in the middle, another process goes on)
  --event FILE    the deploy event (default local/start/example-event.json)
  --trigger WAY   the way in that the event takes: github, webhook, schedule,
                  codepipeline, eventbridge or console; github and webhook start
                  what the policy says, without an event
                  (default: none, straight to the worker)
  --customers N   how many customers there are (default 1000)
  --rate N        the most requests a second (default 1000)
  --faults SPEC   how the emulator misbehaves, as name=value,name=value
                  (default: not at all)
  --seed S        customers and faults depend on it (default 1)
  --json          print only the report, as JSON; npm itself prints two lines
                  before it, but not as npm --silent start -- --json
  -h, --help      print this

ends with 0 when everybody is where the event wants them, or the story ended as it
should, and the emulator agrees; 1 when not; 2 for a bad event or option

try   npm start -- --scenario rollback
      npm start -- --trigger github
      npm start -- --faults error-5xx=0.05,drop-after=0.02,session-death=200,retry-after=0

faults:
${describeFaults()}
`;

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

// Who reads the output may have enough of it (`npm start | head`): that is no crash.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

const exitCode = await main();
process.stdout.write("", () => process.exit(exitCode));

async function main(): Promise<number> {
  const commandLine = readCommandLine(process.argv.slice(2));
  switch (commandLine.kind) {
    case "help":
      process.stdout.write(USAGE);
      return 0;
    case "bad":
      complain(
        [
          "bad options, nothing was started:",
          ...commandLine.problems.map((problem) => `  - ${problem}`),
          "try npm start -- --help",
        ].join("\n"),
      );
      return 2;
    case "start":
      return runAndExplain(commandLine.options);
  }
}

interface Ending {
  readonly exitCode: number;
  /** What is still to be said when everything has been taken down. */
  readonly lastWords?: string;
}

async function runAndExplain(options: StartOptions): Promise<number> {
  const { exitCode, lastWords } = await runAndCleanUp(options);
  if (lastWords !== undefined) complain(lastWords);
  return exitCode;
}

/** However it ends, nothing is left behind: no process, no server, no file. */
async function runAndCleanUp(options: StartOptions): Promise<Ending> {
  const stack = new AsyncDisposableStack();
  try {
    const { scenario } = options;
    const story = scenario === undefined ? rollOut(options, stack) : playScenario(scenario, options, stack);
    return await Promise.race([story.then((exitCode) => ({ exitCode })), waitForInterruption()]);
  } catch (error) {
    if (!(error instanceof LocalRunError)) throw error;
    return { exitCode: 1, lastWords: error.message };
  } finally {
    await stack.disposeAsync();
  }
}

/** The same signal may come twice: from the terminal, and passed on by npm. */
function waitForInterruption(): Promise<Ending> {
  return new Promise((resolve) => {
    for (const [signal, exitCode] of Object.entries(EXIT_CODES)) {
      const lastWords = `stopped by ${signal} before the end; nothing is left running, and nothing was kept`;
      process.on(signal, () => resolve({ exitCode, lastWords }));
    }
    for (const stream of [process.stdout, process.stderr]) stream.on("error", () => resolve({ exitCode: 1 }));
  });
}
