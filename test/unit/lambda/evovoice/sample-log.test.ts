import { sampleLog } from "../../../../lambda/evovoice/sample-log.ts";
import { expect, test } from "../../../support/jest.ts";

test("the log has the first ten lines of each message, then a line for each doubled count", () => {
  const lines: object[] = [];
  const log = sampleLog({ info: (message, fields) => lines.push({ message, ...fields }) });

  for (let n = 1; n <= 1_000; n += 1) log.info("pause begun", { n });
  log.info("session renewed", { n: 1 });

  const numbered = [16, 32, 64, 128, 256, 512].map((n) => ({ message: "pause begun", n, count: n }));
  const first = Array.from({ length: 10 }, (_, index) => ({ message: "pause begun", n: index + 1 }));
  expect(lines).toEqual([...first, ...numbered, { message: "session renewed", n: 1 }]);
});
