import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { parsePolicy } from "../../lambda/config.ts";
import { type FrontDoor, openFrontDoor } from "../support/front-door.ts";

/**
 * The page is one story: its commands run in order, in one world. To write the outputs of today into the page, run this
 * file with WRITE_HOW_TO=1.
 */
const PAGE = join(import.meta.dirname, "../../docs/how-to.md");
const PARTS = readFileSync(PAGE, "utf8").split(/^(?=## )/m);
const ROOT = join(import.meta.dirname, "../..");
const FLIPS_OF_EVENING = 10;
/** Held requests do not time out, and tries follow each other at once. */
const RETRIES = { requestTimeoutMs: 60_000, mostBackoffMs: 20 };

let door: FrontDoor;
let folder: string;
const written: string[] = [PARTS[0] ?? ""];

beforeAll(async () => {
  const policy = JSON.parse(/```json policy\n(.*?)\n```/s.exec(PARTS[0] ?? "")?.[1] ?? "");
  parsePolicy(policy);
  const { baseUrl: _, accountIds: __, ...own } = policy;
  door = await openFrontDoor({ customers: 1_000, policy: { strategy: undefined, ...own, retries: RETRIES } });
  folder = mkdtempSync(join(tmpdir(), "cutover-how-to-"));
});

afterAll(async () => {
  await door.close();
  rmSync(folder, { recursive: true });
  if (process.env.WRITE_HOW_TO === "1" && written.length === PARTS.length) writeFileSync(PAGE, written.join(""));
});

test.each(PARTS.slice(1).map((part) => [/^## (.*)/.exec(part)?.[1] ?? "", part]))("%s", async (_title, part) => {
  const played = await play(part);
  written.push(played);
  if (process.env.WRITE_HOW_TO !== "1") expect(mask(played)).toBe(mask(part));
});

const BLOCK = /```(\w+)\n(?:(.*?)\n)??```/gs;

/** The section with the outputs that its commands have now, where they differ by more than ids and times. */
async function play(section: string): Promise<string> {
  let [played, end, json] = ["", 0, ""];
  let output: string | undefined;
  for (const { 0: block, 1: kind, 2: text = "", index } of section.matchAll(BLOCK)) {
    played += section.slice(end, index);
    end = index + block.length;
    const isOutput = output !== undefined && kind !== "sh";
    played += isOutput && mask(output ?? "") !== mask(text) ? `\`\`\`${kind}\n${output}\n\`\`\`` : block;
    output = kind === "sh" ? await run(text, json) : undefined;
    if (kind === "json") json = text;
  }
  return played + section.slice(end);
}

function mask(text: string): string {
  return text
    .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{3})?/g, "TIME")
    .replaceAll(/^took .*$/gm, "took")
    .replaceAll(/(durable-execution\/[\w-]+)\/[\w-]+/g, "$1/RUN");
}

/** Runs one command of the page; `json` is the block before it. */
async function run(command: string, json: string): Promise<string> {
  const [, file] = /^npm start -- --event (\S+)$/.exec(command) ?? [];
  if (file !== undefined) return start(file, json);
  const [, payload] = /^cutover '(.*)'$/s.exec(command) ?? [];
  const [, saved = ""] = /^cutover file:\/\/(\S+)$/.exec(command) ?? [];
  const sent = JSON.parse(payload ?? readFileSync(join(folder, saved), "utf8"));
  // The page's time may be over by now.
  return send(sent.until === undefined ? sent : { ...sent, until: new Date(Date.now() + 3_600_000).toISOString() });
}

function start(file: string, event: string): string {
  const path = join(folder, file);
  writeFileSync(path, event);
  const args = ["local/start.ts", "--event", path];
  return execFileSync(process.execPath, args, { cwd: ROOT, encoding: "utf8", stdio: "pipe" }).trim();
}

let release = () => {};

/** As the page's function `cutover`: prints the refusal, the text or the whole answer. */
async function send(payload: Readonly<Record<string, unknown>>): Promise<string> {
  const { emulator, executions } = door.world;
  if (payload.id === "stage-again") emulator.setFaults("lost-write");
  const flipping = payload.id === "evening" ? holdFlips() : undefined;
  const isRefused = payload.release === "2026.12.4";
  const answer = isRefused ? await door.sendRefused(payload) : await door.send(payload);
  if (payload.command === "abort") release();
  await (flipping ?? (payload.command === undefined || payload.command === "abort" ? executions.settled() : undefined));
  if (payload.id === "stage-again") emulator.setFaults("");
  const { errorMessage, text } = answer as { readonly errorMessage?: string; readonly text?: string };
  return (errorMessage ?? text ?? JSON.stringify(answer, null, 2)).trimEnd();
}

/** Holds the flips of the first wave until `release`; waits until all of them have arrived. */
async function holdFlips(): Promise<void> {
  const held = Promise.withResolvers<void>();
  let arrived = 0;
  const stop = door.world.emulator.onRequest(({ operation, phase }) => {
    if (operation !== "SetCustomerStagingMode" || phase !== "arrived") return undefined;
    arrived += 1;
    return held.promise;
  });
  release = () => {
    stop();
    held.resolve();
  };
  while (arrived < FLIPS_OF_EVENING) await sleep(20);
}
