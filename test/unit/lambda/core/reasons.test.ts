import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describeReason, explain, REASON_CODES, type Reason } from "../../../../lambda/core/reasons.ts";
import { describe, expect, test } from "../../../support/jest.ts";

const ROOT = join(import.meta.dirname, "../../../..");
const RUNBOOK = readFileSync(join(ROOT, "docs/runbook.md"), "utf8");
const TESTS = globSync("test/**/*.ts", { cwd: ROOT })
  .filter((file) => !file.endsWith("core/reasons.test.ts"))
  .map((file) => readFileSync(join(ROOT, file), "utf8"))
  .join("\n");

/** The codes in the first column of the runbook's table. */
function listedCodes(): readonly string[] {
  const [, chapter = ""] = RUNBOOK.split("\n## Reason codes\n");
  const [table = ""] = chapter.split("\n## ");
  return [...table.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, code = ""]) => code);
}

test("each code is words in lower case, joined by hyphens", () => {
  for (const code of REASON_CODES) expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
});

test("the runbook has one row for each code, and no other rows", () => {
  expect([...listedCodes()].sort()).toEqual([...REASON_CODES].sort());
});

test.each(REASON_CODES.map((code) => [code]))("%s is expected by another test", (code) => {
  expect(TESTS.includes(`code: "${code}"`)).toBe(true);
});

describe("the sentence of a reason", () => {
  const gone: Reason = { code: "customer-gone" };
  test.each<[Reason | readonly Reason[], string]>([
    [gone, "Evo Voice no longer has this customer; see whether it was deleted"],
    [[{ code: "excluded" }, { code: "paused" }], "excluded by the event; paused"],
    [
      { code: "may-be-flipped", why: gone },
      "may have been flipped, look at this customer: Evo Voice no longer has this customer; see whether it was deleted",
    ],
    [
      { code: "request-refused", operation: "flip", customerId: "c-1", status: 403 },
      "flip of customer c-1 was answered with 403; the user's role may not do this: it needs SystemAdministrator, Manager or Customer",
    ],
    [
      { code: "request-refused", operation: "flip", status: 500, errorCode: "X" },
      "flip was answered with 500, X; Evo Voice failed: look at its status, then retry",
    ],
    [
      { code: "children-moved", children: [{ id: "c", parentId: "p" }], more: 0 },
      "1 child moved with a flipped parent although no plan flips it: c, child of p. Look at each; if flags follow the parent on this account, set the policy's childrenFollow to true",
    ],
    [
      { code: "descendants-left-out", descendants: [{ id: "c", ancestorId: "p" }, { id: "d" }] },
      "the policy says childrenFollow, and the plan leaves out 2 descendants of customers to be flipped: c (below p), d; select whole families, or leave their ancestors out",
    ],
    [
      { code: "too-late", notAfter: "2026-11-23T02:00:00+01:00" },
      "it is later than the event's notAfter, 2026-11-23 01:00:00 UTC; send a new event if the rollout should still happen",
    ],
  ])("%j reads %s", (reason, sentence) => {
    expect(describeReason(reason)).toBe(sentence);
  });

  test("names 20 of many descendants, and how many there are", () => {
    const descendants = Array.from({ length: 45 }, (_, index) => ({ id: `c-${index}` }));
    expect(describeReason({ code: "descendants-left-out", descendants })).toMatch(
      /leaves out 45 descendants .*: c-0, .* c-19 and 25 more; select/,
    );
  });

  test("stands beside its code and its data in a report", () => {
    expect(explain({ code: "unknown-rollout", rolloutId: "noon" })).toEqual({
      ...{ code: "unknown-rollout", rolloutId: "noon" },
      message: "no rollout noon is known; send the id that the answer to its deploy event gave",
    });
  });
});
