import { expect, jest, test } from "@jest/globals";
import { print, printJson } from "../../../cli/terminal.ts";

test("in a job of GitHub a result holds no workflow command; JSON stays true to the byte", () => {
  const write = jest.spyOn(process.stdout, "write").mockReturnValue(true);
  jest.replaceProperty(process, "env", { GITHUB_ACTIONS: "true" });
  const reason = "##[set-output name=plan]feed\n::set-env name=PATH::/tmp";
  print(reason);
  printJson({ reason });
  const written = write.mock.calls.map(([text]) => String(text));
  jest.restoreAllMocks();
  expect(written[0]).not.toMatch(/^\s*::|##\[/m);
  expect(JSON.parse(written[1] ?? "")).toEqual({ reason });
});
