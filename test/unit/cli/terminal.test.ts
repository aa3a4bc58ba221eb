import { print, printJson } from "../../../cli/terminal.ts";
import { expect, jest, test } from "../../support/jest.ts";

test("in a job of GitHub a result holds no workflow command; JSON stays true to the byte", () => {
  const write = jest.spyOn(process.stdout, "write").mockReturnValue(true);
  const { GITHUB_ACTIONS = "" } = process.env;
  process.env.GITHUB_ACTIONS = "true";
  const reason = "##[set-output name=plan]feed\n::set-env name=PATH::/tmp";
  print(reason);
  printJson({ reason });
  process.env.GITHUB_ACTIONS = GITHUB_ACTIONS;
  const written = write.mock.calls.map(([text]) => String(text));
  jest.restoreAllMocks();
  expect(written[0]).not.toMatch(/^\s*::|##\[/m);
  expect(JSON.parse(written[1] ?? "")).toEqual({ reason });
});
