import TestSequencer from "@jest/test-sequencer";

/**
 * Without the times of a run before, as in a fresh clone, Jest begins with the largest files. These take long though they
 * are small, because their rows are elsewhere or they wait: begun last, one of them would run alone while the other cores
 * have nothing to do. Of `npm test`, the first loads most of `lambda/` and the next two hardly any of it: so its code gets
 * its counters once, and not by three workers at the same time.
 */
const LONG = [
  "e2e/gates.test.ts",
  "local/emulator/faults.test.ts",
  "infra/stacks.test.ts",
  "front-door/read-status.test.ts",
  "long/crash.test.ts",
  "long/faults.test.ts",
  "long/throttled-commands.test.ts",
  "long/slow-server.test.ts",
  "long/webhook-hung.test.ts",
  "long/crash-anywhere.test.ts",
];

// Its types say that the class is a member of what is imported; that is so for `require` only.
const Sequencer = TestSequencer as unknown as typeof TestSequencer.default;

type Tests = Parameters<InstanceType<typeof Sequencer>["sort"]>[0];

// biome-ignore lint/style/noDefaultExport: Jest takes no other
export default class LongFirst extends Sequencer {
  override async sort(tests: Tests): Promise<Tests> {
    const sorted = await super.sort(tests);
    const first = LONG.flatMap((name) => sorted.filter(({ path }) => path.endsWith(name)));
    return [...new Set([...first, ...sorted])];
  }
}
