import { readFileSync } from "node:fs";
import { createProgram } from "../../cli/create-program.ts";
import { expect, test } from "../support/jest.ts";

const PAGE = readFileSync("docs/cli.md", "utf8");
const { commands } = createProgram(() => {});

test("the page of the command line lists every verb, and no other", () => {
  const [, table = ""] = /\n## Verbs\n(.*?)\n## /s.exec(PAGE) ?? [];
  const cells = [...table.matchAll(/^\| (`.*?) \|/gm)].map(([, cell = ""]) => cell);
  const verbs = cells.flatMap((cell) => [...cell.matchAll(/`([a-z-]+)/g)].map(([, verb = ""]) => verb));
  expect(new Set(verbs)).toEqual(new Set(commands.map((command) => command.name())));
});

test("every option that the page of the command line names exists", () => {
  const known = commands.flatMap(({ options }) => options.map(({ long }) => long));
  const sandbox = ["--policy", "--customers", "--seed", "--faults", "--fast", "--keep"];
  const program = ["--sandbox", "--port", "--stack", "--function", "--json", "--help"];
  const named = [...PAGE.matchAll(/(?<![\w-])--[a-z][a-z-]+/g)].map(([option]) => option);
  expect(named.filter((option) => ![...known, ...sandbox, ...program].includes(option))).toEqual([]);
});
