import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "../support/jest.ts";

const PAGE = readFileSync("docs/testing.md", "utf8");
const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));

/** `npm test -- FILE` and `npm run SCRIPT -- FILE`, each script once. */
const COMMANDS = new Map(
  [...PAGE.matchAll(/npm (?:run )?([\w:]+) -- (test\/\S+\.test\.ts)$/gm)].map(([, script = "", file = ""]) => [
    script,
    file,
  ]),
);

test.each([...COMMANDS])("the page's command of `%s` for one file runs that file only", (script, file) => {
  const [program, ...words] = String(scripts[script]).split(" ");
  expect(program).toBe("jest");
  const jest = ["node_modules/jest/bin/jest.js", ...words, file, "--listTests", "--json"];
  const listed: string[] = JSON.parse(
    execFileSync(process.execPath, jest, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
  );
  expect(listed.map((path) => path.endsWith(file))).toEqual([true]);
});
