import TestSequencer from "@jest/test-sequencer";

/**
 * Without the times of a run before, as in a fresh clone, Jest begins with the largest files. These are small and take
 * long, because their rows are elsewhere: begun last, one of them would run alone while the other cores have nothing to do.
 */
const LONG = /\/(gates|crash|crash-anywhere|histories|faults|slow-server|status)\.(test|deep)\.ts$/;

// Its types say that the class is a member of what is imported; that is so for `require` only.
const Sequencer = TestSequencer as unknown as typeof TestSequencer.default;

type Tests = Parameters<InstanceType<typeof Sequencer>["sort"]>[0];

// biome-ignore lint/style/noDefaultExport: Jest takes no other
export default class LongFirst extends Sequencer {
  override async sort(tests: Tests): Promise<Tests> {
    const sorted = await super.sort(tests);
    return [...sorted.filter(({ path }) => LONG.test(path)), ...sorted.filter(({ path }) => !LONG.test(path))];
  }
}
