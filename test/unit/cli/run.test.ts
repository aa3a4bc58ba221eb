import { run } from "../../../cli/run.ts";
import { captureOutput } from "../../support/capture-output.ts";
import { expect, test } from "../../support/jest.ts";

const NO_NUMBERS: readonly (readonly [string, readonly string[]])[] = [
  ["--wave", ["approve", "--plan", "0".repeat(12), "--wave", "x"]],
  ["--wave", ["customers", "--wave", ""]],
  ["--minutes", ["pause", "--minutes", "soon"]],
  ["--hours", ["freeze", "fair", "--hours", "-1"]],
  ["--hours", ["freeze", "fair", "--hours", "0"]],
  ["--max-customers", ["promote", "1.0", "--all", "--max-customers", "0x10"]],
  ["--port", ["list", "--sandbox", "--port", "65536"]],
];

test.each(NO_NUMBERS)("%s is refused by what was typed: %j", async (option, args) => {
  const output = captureOutput();
  const code = await run(["node", "cutover", ...args]).finally(output.restore);
  const typed = args[args.indexOf(option) + 1];
  expect(output.lines().join("\n")).toMatch(new RegExp(`'${option} <\\w+>' argument '${typed}' is invalid. Expected`));
  expect(code).toBe(2);
});

const NOT_REACHED: readonly (readonly [string, readonly string[], string])[] = [
  ["a sandbox that does not run", ["list", "--sandbox", "--port", "1"], "no sandbox answers on port 1"],
  ["no region", ["list"], "AWS could not be asked"],
];

test.each(NOT_REACHED)("%s ends with 2, because nothing was done", async (_title, args, message) => {
  const region = process.env.AWS_REGION;
  delete process.env.AWS_REGION;
  const output = captureOutput();
  const code = await run(["node", "cutover", ...args]).finally(output.restore);
  if (region !== undefined) process.env.AWS_REGION = region;
  expect(output.lines().join("\n")).toContain(message);
  expect(code).toBe(2);
});
