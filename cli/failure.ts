import { writeAsJson } from "../lambda/contract/advice.ts";
import { describeRefusal, type Refusal } from "../lambda/contract/refused-error.ts";

/** What ends the program with a message for its user, without a stack. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly exitCode: number;
  constructor(message: string, { exitCode = EXIT.notAsWanted, cause }: { exitCode?: number; cause?: unknown } = {}) {
    super(message, { cause });
    this.exitCode = exitCode;
  }
}

/** `notAsWanted`: the rollout ended otherwise, or its end is not known. `refused`: nothing was done. */
export const EXIT = { asWanted: 0, notAsWanted: 1, refused: 2, interrupted: 130 } as const;

/** Nothing was done: what the front door refused, in the words of an event until a reader's own words are known. */
export class Refused extends Failure {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(describeRefusal(refusal, writeAsJson), { exitCode: EXIT.refused });
    this.refusal = refusal;
  }
}
