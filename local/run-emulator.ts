import { describeFaults } from "./emulator/describe-faults.ts";
import { type Emulator, type EmulatorOptions, startEmulator } from "./emulator/emulator.ts";
import { type EmulatorArguments, readEmulatorArguments } from "./emulator/emulator-arguments.ts";

const usage = `An Evo Voice API on loopback, to try Cutover against. See docs/emulator.md.

usage: npm run emulator -- [options]

  --port P           listen on this port; 0 is any free one (default 0)
  --customers N      the number of customers of the account (default 1000)
  --seed S           the seed of all invented data (default 1)
  --staging-share X  the share of the customers that start on staging (default 0.3)
  --faults SPEC      the faults, as name=value,name=value (default: none)
  --json             print one line {"address","userName","password"} when ready
  -h, --help         print this

faults:
${describeFaults()}
`;

await main();

async function main(): Promise<void> {
  const args = readEmulatorArguments(process.argv.slice(2));
  if ("problems" in args) {
    const lines = args.problems.map((problem) => `  - ${problem}`);
    console.error(`emulator: bad options, not started:\n${lines.join("\n")}\ntry npm run emulator -- --help`);
    process.exit(2);
  }
  if (args.help) {
    console.log(usage);
    return;
  }
  await run(args);
}

async function run({ options, json }: EmulatorArguments): Promise<void> {
  const emulator = await startEmulator(options).catch((error: NodeJS.ErrnoException) => {
    const inUse = error.code === "EADDRINUSE";
    console.error(`emulator: ${inUse ? `port ${options.port} is in use, choose another or 0` : error.message}`);
    return process.exit(1);
  });
  const stop = (): void => {
    emulator.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  // Last, because a reader of the line may send a signal at once.
  console.log(json ? toLine(emulator) : toWelcome(emulator, options));
}

function toLine({ address, userName, password }: Emulator): string {
  return JSON.stringify({ address, userName, password });
}

function toWelcome(emulator: Emulator, { customers, seed, faults }: EmulatorOptions): string {
  return `Evo Voice emulator, ${customers} customers, seed ${seed}, ${faults ? `faults ${faults}` : "no faults"}

  address    ${emulator.address}
  user name  ${emulator.userName}
  password   ${emulator.password}
  account    ${emulator.accountId}

Ctrl-C stops it.`;
}
