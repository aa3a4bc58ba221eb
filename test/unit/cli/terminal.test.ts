import { createView, print, printJson } from "../../../cli/terminal.ts";
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

const LONG_ID = `promote-${"0123456789".repeat(6)}`;
const REASON =
  "held: alarm calls-that-fail shows no data; 漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字 and the window is narrow";

test.each([
  { rows: 24, kept: /title.*narrow.*each wave/ },
  { rows: 8, kept: /title.*narrow/ },
])("a view of 60 columns and $rows rows wraps what is longer, and always shows its last lines", ({ rows, kept }) => {
  const written: string[] = [];
  const write = jest.spyOn(process.stderr, "write").mockImplementation((text) => written.push(String(text)) > 0);
  const { columns, rows: rowsBefore } = process.stderr;
  Object.assign(process.stderr, { columns: 60, rows });
  const waves = Array.from({ length: 6 }, (_, index) => ({ text: `  ${index}` }));
  const view = createView();
  view.draw(
    [{ text: "title" }, { text: `  ${REASON}` }, ...waves, { text: "  each wave" }],
    [{ text: `  ${LONG_ID}` }],
  );
  view.close();
  Object.assign(process.stderr, { columns, rows: rowsBefore });
  write.mockRestore();

  const [drawn = "", erased = ""] = written;
  const lines = drawn.trimEnd().split("\n");
  expect(Math.max(...lines.map(countColumns))).toBeLessThan(60);
  expect(lines.length).toBeLessThan(rows);
  expect(erased).toBe(`\u001b[${lines.length}A\u001b[J`);
  expect(lines.map((line) => line.trim()).join("")).toContain(LONG_ID);
  expect(lines.join(" ")).toMatch(kept);
});

/** A Chinese letter takes two. */
function countColumns(line: string): number {
  return line.length + (line.match(/\p{Script=Han}/gu)?.length ?? 0);
}
