import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "../../../cli/failure.ts";
import { readReferenceIds } from "../../../cli/read-files.ts";
import { toEvent } from "../../../cli/to-event.ts";
import { afterAll, expect, test } from "../../support/jest.ts";

const folder = mkdtempSync(join(tmpdir(), "cutover-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));

function writeText(text: string): string {
  const file = join(folder, "ids.csv");
  writeFileSync(file, text);
  return file;
}

const FLAGS: readonly (readonly [string, Readonly<Record<string, unknown>>, object])[] = [
  [
    "two tags and their match are one target",
    { tag: ["a", "b"], match: "all" },
    { targets: [{ tags: ["a", "b"], match: "all" }] },
  ],
  [
    "each kind of selection is a target of its own",
    { customerId: ["c"], cohort: ["x", "y"] },
    { targets: [{ customerIds: ["c"] }, { cohort: "x" }, { cohort: "y" }] },
  ],
  [
    "all customers except a parent's",
    { all: true, excludeParent: ["p"] },
    { targets: [{ all: true }], exclude: [{ parentCustomerId: "p" }] },
  ],
  ["waves as JSON", { strategy: '{"waves":[{"rest":true}]}' }, { strategy: { waves: [{ rest: true }] } }],
];

test.each(FLAGS)("%s", (_title, flags, members) => {
  expect(toEvent(flags, ["promote", "1.0"])).toEqual({ action: "promote", release: "1.0", ...members });
});

test.each([{ all: true }, { customerId: ["c"] }, { tag: ["a"] }])("a match needs two tags: %j", (flags) => {
  expect(() => toEvent({ ...flags, match: "all" }, ["stage", "1.0"])).toThrow("--match needs two or more --tag");
});

test("options add to a file's event, and never replace what the file says", () => {
  const file = { action: "promote", targets: { all: true } };
  expect(toEvent({ reason: "why" }, ["promote", "1.0"], file)).toEqual({
    ...file,
    release: "1.0",
    reason: "why",
  });
  const other = () => toEvent({ tag: ["beta"] }, ["stage", "1.0"], file);
  expect(other).toThrow("the event file and the command line differ in action, targets");
});

const IDS: readonly (readonly [string, string, readonly string[]])[] = [
  ["a list", "A-1\nA-2\n", ["A-1", "A-2"]],
  ["a table of a spreadsheet", '\uFEFFname,referenceId\r\n"Acme, Ltd",A-1\r\n"Say ""hi""", A-2 \r\n', ["A-1", "A-2"]],
  ["semicolons", "Reference ID;name\nA-1;Acme\n", ["A-1"]],
];

test.each(IDS)("reads reference ids from %s", (_title, text, ids) => {
  expect(readReferenceIds(writeText(text))).toEqual(ids);
});

const UNREADABLE: readonly (readonly [string, string, string])[] = [
  ["several columns without the name", "id,name\n1,Acme\n", "expected a column with the name referenceId"],
  ["a line without an id", "referenceId,name\n,Acme\n", "a line has no reference id"],
  ["a head alone", "referenceId\n", "it has no reference id"],
  ["an open quote", 'referenceId\n"A-1\n', "it cannot be read as CSV"],
];

test.each(UNREADABLE)("refuses %s, because a guess would flip customers", (_title, text, message) => {
  const read = () => readReferenceIds(writeText(text));
  expect(read).toThrow(Failure);
  expect(read).toThrow(message);
});
