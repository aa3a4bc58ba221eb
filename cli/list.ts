import { describeState, describeTrouble, type ListedCustomer } from "../lambda/core/report/listed-customer.ts";
import { clean, formatNumber, formatTime } from "../lambda/core/report/text-layout.ts";
import type { CustomerFound } from "../lambda/front-door/find-customer.ts";
import type { CustomersListed } from "../lambda/front-door/list-customers.ts";
import type { RolloutsListed } from "../lambda/front-door/list-rollouts.ts";
import type { Door } from "./connect.ts";
import { EXIT } from "./failure.ts";
import { print, printData, printJson } from "./terminal.ts";

export interface Form {
  readonly json?: boolean | undefined;
  readonly csv?: boolean | undefined;
}

export async function listRollouts(door: Door, { json, plans }: Form & { readonly plans?: unknown }): Promise<number> {
  const listed = (await door.ask({ command: "list", plans })) as RolloutsListed;
  if (json) printJson(listed);
  else
    print(
      listed.rollouts.length === 0
        ? "no rollout yet"
        : listed.rollouts.map((each) => describeRollout(each, listed.running)).join("\n\n"),
    );
  return EXIT.asWanted;
}

function describeRollout(rollout: RolloutsListed["rollouts"][number], running: string | undefined): string {
  const { rolloutId, action, release = "", status, counts = {}, rollback, startedAt, requestedBy, reason } = rollout;
  const { restored = 0, conflicting = 0, failed: left = 0 } = rollback ?? {};
  const ofRollback = status === "planned" ? { "to restore": left } : { restored, conflicting, "not restored": left };
  const numbers = Object.entries({ ...counts, ...ofRollback })
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${formatNumber(count)} ${kind}`);
  const by = [toAskedBy(requestedBy), reason].filter(Boolean).join(": ");
  return [
    `${clean(`${action} ${release}`)}   ${status.replace("-", " ")}${rolloutId === running ? " now" : ""}`,
    `  ${rolloutId}   ${formatTime(startedAt)}`,
    ...(numbers.length > 0 ? [`  ${numbers.join(", ")}`] : []),
    ...(by === "" ? [] : [`  ${clean(by)}`]),
  ].join("\n");
}

function toAskedBy(requestedBy: string | undefined): string | undefined {
  return requestedBy && `asked by ${requestedBy}`;
}

type Asked = Readonly<Record<string, unknown>>;

/** Every customer of a rollout, page by page, also while the rollout goes on. */
export async function listCustomers(door: Door, asked: Asked, { json, csv }: Form): Promise<number> {
  if (json) {
    printJson(await readCustomers(door, asked));
    return EXIT.asWanted;
  }
  if (csv) printData(COLUMNS.join(","));
  let found = 0;
  for await (const page of readPages(door, asked)) {
    found += page.length;
    for (const customer of page) {
      if (csv) printData(toCsv(customer));
      else print(describeCustomer(customer));
    }
  }
  if (found === 0 && !csv) print("no customer");
  return EXIT.asWanted;
}

export async function readCustomers(door: Door, asked: Asked): Promise<readonly ListedCustomer[]> {
  const customers: ListedCustomer[] = [];
  for await (const page of readPages(door, asked)) customers.push(...page);
  return customers;
}

/** What the last rollouts planned for one customer, and what became of it. */
export async function findCustomer(door: Door, asked: Asked, { json }: Form): Promise<number> {
  const found = (await door.ask({ command: "customer", ...asked })) as CustomerFound;
  const none = `none of the last ${found.searched} rollouts planned this customer; a reference id needs --reference-id`;
  if (json) printJson(found);
  else print(found.rollouts.map(describeInRollout).join("\n\n") || none);
  return EXIT.asWanted;
}

function describeInRollout(found: CustomerFound["rollouts"][number]): string {
  const { action, release = "", dryRun, rolloutId, startedAt, at, requestedBy, reason } = found;
  const head = [clean(`${action} ${release}${dryRun ? ", planned only" : ""}`), rolloutId, formatTime(startedAt)].join(
    "   ",
  );
  const { rolledBackBy, rollback } = found;
  const said =
    rollback === undefined
      ? [toAskedBy(requestedBy), reason]
      : [`rolled back by ${rolledBackBy}`, toAskedBy(rollback.requestedBy), rollback.reason];
  const by = said.filter(Boolean).join(": ");
  return [head, `  ${describeCustomer(found, at)}`, ...(by === "" ? [] : [`  ${clean(by)}`])].join("\n");
}

async function* readPages(door: Door, asked: Asked): AsyncGenerator<readonly ListedCustomer[]> {
  let after: number | undefined;
  do {
    const page = (await door.ask({ command: "customers", ...asked, after })) as CustomersListed;
    yield page.customers;
    after = page.after;
  } while (after !== undefined);
}

/** `referenceId  name  (id)`, and why it is not where it was to be; on request, when its outcome was recorded. */
function describeCustomer(customer: ListedCustomer, at?: string): string {
  const { wave, referenceId = "", name, customerId } = customer;
  const where = wave === undefined ? "" : `wave ${wave}`;
  const who = [referenceId, name, `(${customerId})`].map(clean).filter(Boolean).join("  ");
  const when = at === undefined || customer.outcome === undefined ? "" : ` at ${formatTime(at)} `;
  const line = `${(describeState(customer) + when).padEnd(12)} ${where.padEnd(8)} ${who}`;
  const trouble = describeTrouble(customer);
  return trouble === undefined ? line : `${line}\n  ${clean(trouble)}`;
}

const COLUMNS = [
  "referenceId",
  "customerId",
  "name",
  "wave",
  "plannedAction",
  "outcome",
  "code",
  "message",
  "at",
] as const;

/** A text that a spreadsheet would take for a formula gets an apostrophe: names come from outside. */
function toCsv(customer: ListedCustomer): string {
  return COLUMNS.map((column) => {
    const text = clean(String(customer[column] ?? ""));
    const safe = /^[=+@-]/.test(text) ? `'${text}` : text;
    return /[",]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  }).join(",");
}
