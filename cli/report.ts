import { writeFileSync } from "node:fs";
import type { ListedCustomer } from "../lambda/core/report/listed-customer.ts";
import type { Report } from "../lambda/core/report/report.ts";
import { writeReportPage } from "../lambda/core/report/report-page.ts";
import { countCustomers } from "../lambda/core/report/text-layout.ts";
import type { Door } from "./connect.ts";
import { EXIT, Failure } from "./failure.ts";
import { askStatus } from "./follow.ts";
import { readCustomers } from "./list.ts";
import { say } from "./terminal.ts";

/** Writes the report of a rollout with all of its customers as one file that a browser shows. @throws Failure */
export async function writeReport(door: Door, rolloutId: string | undefined, file: string): Promise<number> {
  const report = await askStatus(door, { rolloutId });
  if (!("counts" in report)) throw new Failure(`rollout ${report.rolloutId} is ${report.status}: it has no report yet`);
  const { environment, writeAdvice } = door;
  const asOf = new Date().toISOString();
  const customers: ListedCustomer[] = [];
  for (const each of findPlanned(report)) customers.push(...(await readCustomers(door, { rolloutId: each })));
  try {
    writeFileSync(file, writeReportPage({ report, customers, environment, asOf, writeAdvice }));
  } catch (error) {
    const { message } = error as Error;
    throw new Failure(`the report cannot be written: ${message}`, { exitCode: EXIT.refused, cause: error });
  }
  say({ text: `${file} shows rollout ${report.rolloutId} with ${countCustomers(customers.length)}` });
  return EXIT.asWanted;
}

/** The rollouts whose plans name the customers: a rollback takes those of its source rollouts. */
function findPlanned({ rolloutId, action, plan, of = [] }: Report): readonly string[] {
  if (action === "rollback") return of;
  return plan === undefined ? [] : [rolloutId];
}
