import type { EmulatorOptions } from "./emulator.ts";
import { readFaults, readNumber, readOptions } from "./read-options.ts";

/** The options of `npm run emulator`. */
export interface EmulatorArguments {
  readonly options: EmulatorOptions;
  readonly json: boolean;
  readonly help: boolean;
}

interface BadArguments {
  readonly problems: readonly string[];
}

/** Reads all options; lists every problem. */
export function readEmulatorArguments(args: readonly string[]): EmulatorArguments | BadArguments {
  const read = readOptions(args, ["port", "customers", "seed", "staging-share", "faults"], ["json", "help"]);
  const options = {
    port: readNumber(read, "port", 0, { least: 0, greatest: 65_535 }),
    customers: readNumber(read, "customers", 1000, { least: 0, greatest: 10_000_000 }),
    seed: readNumber(read, "seed", 1, { least: 0, greatest: 4_294_967_295 }),
    stagingShare: readNumber(read, "staging-share", 0.3, { least: 0, greatest: 1, fractions: true }),
    faults: readFaults(read),
  };
  const help = read.values.has("help");
  if (read.problems.length > 0 && !help) return { problems: read.problems };
  return { options, json: read.values.has("json"), help };
}
