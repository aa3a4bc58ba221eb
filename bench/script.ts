import { execFile } from "node:child_process";
import { parseArgs } from "node:util";
import { type Emulator, startEmulator } from "../local/emulator/emulator.ts";
import { startChild } from "./support/children.ts";
import type { HandlerRequest, HandlerRun } from "./support/handler-process.ts";
import type { LedgerRequest } from "./support/ledger-process.ts";
import type { Order } from "./support/worker.ts";

const { values } = parseArgs({
  options: { customers: { type: "string", default: "5000" }, seeds: { type: "string", default: "1,2,3" } },
});
const TAG = "residential";
/** The reading of the alarm that is in the bake: two come before it. */
const ALARM_AT_CALL = 4;

/** What happens to both contenders, each time with a new emulator of the same seed. */
interface World {
  readonly name: string;
  readonly faults: string;
  /** A bad release: the script's smoke test fails, and Cutover's alarm goes off in the bake. */
  readonly isBad?: boolean;
  /** The expected end of the rollout. @default succeeded */
  readonly status?: Order["status"];
}

const WORLDS: readonly World[] = [
  { name: "all is well", faults: "" },
  { name: "the release is bad", faults: "", isBad: true, status: "rolled-back" },
  { name: "1 % of the replies to a flip are lies: status 200, nothing written", faults: "lost-write=1%" },
  { name: "the server ignores the filters of a list", faults: "ignored-filters" },
];

const seeds = values.seeds.split(",").map(Number);
console.log(`promote the customers with the tag ${TAG}; ${values.customers} customers; seeds ${seeds.join(", ")}`);
console.log(
  "\n| world | script: on the wrong server | failures reported | Cutover: on the wrong server | failures reported |",
);
console.log("| --- | --- | --- | --- | --- |");
const said: string[] = [];
for (const world of WORLDS) {
  const cells = [world.name];
  for (const [name, run] of [["script", runScript] as const, ["Cutover", runCutover] as const]) {
    const results: Result[] = [];
    for (const seed of seeds) results.push(await measure(world, seed, run));
    cells.push(results.map(({ wrong }) => wrong).join(", "), results.map(({ failures }) => failures).join(", "));
    said.push(`${world.name}: ${name}: ${results[0]?.said}`);
  }
  console.log(`| ${cells.join(" | ")} |`);
}
console.log(`\nWhat each said with seed ${seeds[0]}:\n${said.join("\n")}`);

interface Result extends Claim {
  /** Customers that are not where they belong when the contender has ended. */
  readonly wrong: number;
}

interface Claim {
  /** Customers that the contender names or counts as not right. */
  readonly failures: number;
  readonly said: string;
}

async function measure(
  world: World,
  seed: number,
  run: (emulator: Emulator, world: World) => Promise<Claim>,
): Promise<Result> {
  const emulator = await startEmulator({ customers: Number(values.customers), seed, faults: world.faults });
  try {
    const wanted = new Map(
      [...emulator.customers()].map(({ id, accountId, tagNames, isStaging }) => {
        const isTarget = accountId === emulator.accountId && tagNames.includes(TAG) && world.isBad !== true;
        return [id, isTarget ? false : isStaging];
      }),
    );
    const claim = await run(emulator, world);
    const wrong = [...emulator.customers()].filter(({ id, isStaging }) => isStaging !== wanted.get(id)).length;
    return { ...claim, wrong };
  } finally {
    await emulator.close();
  }
}

async function runScript({ address, userName, password, accountId }: Emulator, { isBad }: World): Promise<Claim> {
  const env = {
    ...process.env,
    EVOVOICE_URL: address,
    EVOVOICE_USER: userName,
    EVOVOICE_PASSWORD: password,
    ACCOUNT_ID: accountId,
    TAG,
    SMOKE_TEST: isBad ? "exit 1" : "exit 0",
  };
  const script = new URL("./script.mjs", import.meta.url).pathname;
  return new Promise((resolve) => {
    execFile(process.execPath, [script], { env }, (_error, output) => {
      resolve({ failures: 0, said: output.trim().split("\n").at(-1) ?? "" });
    });
  });
}

async function runCutover({ address, userName, password, accountId }: Emulator, world: World): Promise<Claim> {
  const ledger = startChild(new URL("./support/ledger-process.ts", import.meta.url));
  const request: LedgerRequest = { userName, password, alarmAtCall: world.isBad ? ALARM_AT_CALL : undefined };
  const environment = await ledger.ask<Record<string, string>>(request);
  const handler = startChild(new URL("./support/handler-process.ts", import.meta.url), { environment });
  const strategy: Order["strategy"] = { waves: [{ rest: true, bakeMinutes: 10 }] };
  const order: Order = { action: "promote", targets: { tags: [TAG] }, strategy, status: world.status };
  const run = await handler.ask<HandlerRun>({
    emulator: { address, userName, password, accountId },
    order,
    watchesAlarm: true,
  } satisfies HandlerRequest);
  for (const each of [handler, ledger]) await each.end();
  const { status, flipped, restored, failed, notRestored } = run;
  const said = `${status}: ${flipped} flipped${restored > 0 ? `, ${restored} restored` : ""}`;
  return { failures: failed + notRestored, said };
}
