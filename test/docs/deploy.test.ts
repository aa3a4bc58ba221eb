import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "../support/jest.ts";
import { useSandbox } from "../support/use-sandbox.ts";

const GUIDE = readFileSync(join(import.meta.dirname, "../../docs/deploy.md"), "utf8");
const POLICY = /```json policy\n(.*?)\n```/s.exec(GUIDE)?.[1] ?? "";
const { cutover } = useSandbox(JSON.parse(POLICY), "--customers", "300", "--fast", "5000");

test("the way from a clone to the first promote has at most 14 steps, and its commands do it", async () => {
  const steps = GUIDE.slice(0, GUIDE.indexOf("\n## ")).match(/^\d+\. /gm) ?? [];
  expect(steps.length).toBeLessThanOrEqual(14);
  const commands = [...GUIDE.matchAll(/`npx cutover ([^`]+)`/g)].map(([, words = ""]) => words.split(" "));
  let [id, hash] = ["", ""];
  for (const words of commands.filter(([verb]) => verb !== "login")) {
    const { code, out, err } = await cutover(...words.map((word) => ({ ID: id, HASH: hash })[word] ?? word));
    expect({ words, code, said: code === 0 ? "" : out + err }).toEqual({ words, code: 0, said: "" });
    [, hash = ""] = / --plan ([0-9a-f]{12}) --sandbox/.exec(out) ?? [];
    // The test customer is one that is on production.
    if (id === "")
      [, id = ""] =
        /^[^,]*,([0-9a-f]{24}),.*,unchanged,/m.exec((await cutover("customers", "--csv", planOf(out))).out) ?? [];
  }
  const { out } = await cutover("list");
  expect(out.match(/^\w+ \S+ {3}succeeded/gm)).toEqual([
    "promote 2026.11.0   succeeded",
    "promote check-3   succeeded",
    "stage check-2   succeeded",
  ]);
});

function planOf(out: string): string {
  return /^rollout {3}(\S+)$/m.exec(out)?.[1] ?? "";
}
