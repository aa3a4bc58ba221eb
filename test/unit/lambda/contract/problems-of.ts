import { BadConfigError } from "../../../../lambda/config.ts";
import { RefusedError } from "../../../../lambda/contract/refused-error.ts";

/** The lines of a refusal, without its heading and `  - `; none of what is accepted. Any other error is thrown. */
export function problemsOf(parse: () => unknown): readonly string[] {
  try {
    parse();
  } catch (error) {
    if (!(error instanceof RefusedError || error instanceof BadConfigError)) throw error;
    return error.message
      .split("\n")
      .slice(1)
      .map((line) => line.slice(4));
  }
  return [];
}

/** Of each problem the path: "(whole)" for the whole input. */
export function pathsOf(parse: () => unknown): readonly string[] {
  return problemsOf(parse).map((problem) => problem.slice(0, problem.indexOf(": ")));
}
