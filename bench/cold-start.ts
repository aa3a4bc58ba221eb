import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { type BuildOptions, build, type Metafile } from "esbuild";
import { ESBUILD } from "../infra/bundle.ts";
import { localAwsEnvironment } from "../local/aws/environment.ts";
import { type Figures, median, printFigures, round } from "./support/figures.ts";

const { values } = parseArgs({ options: { runs: { type: "string", default: "15" } } });
const ROOT = join(import.meta.dirname, "..");

/** The same SDK clients with nothing around them: what no worker on this SDK can be faster than. */
const BARE_SDK = `
import { withDurableExecution } from "@aws/durable-execution-sdk-js";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
const clients = [new DynamoDBClient(), new LambdaClient(), new SecretsManagerClient()];
export const handler = withDurableExecution(async () => clients.length);
`;

/** Milliseconds from the beginning of the import. */
interface Start {
  readonly importMs: number;
  readonly firstLineMs: number;
}

const folder = mkdtempSync(join(tmpdir(), "cutover-bench-"));
try {
  printFigures(await measureAll());
} finally {
  rmSync(folder, { recursive: true });
}

async function measureAll(): Promise<Figures> {
  const worker = await bundle("worker", { entryPoints: [join(ROOT, "lambda/cutover.ts")] });
  const bare = await bundle("bare", { stdin: { contents: BARE_SDK, resolveDir: ROOT } });
  const workers: Start[] = [];
  const bares: Start[] = [];
  for (let run = 0; run < Number(values.runs); run += 1) {
    workers.push(await start(worker.path));
    bares.push(await start(bare.path));
  }
  return {
    "bundle KB": round(worker.bytes / 1024),
    "bundle gzip KB": round(worker.gzipBytes / 1024),
    "bare SDK bundle KB": round(bare.bytes / 1024),
    "bare SDK bundle gzip KB": round(bare.gzipBytes / 1024),
    "import ms": medianOf(workers, "importMs"),
    "import to first line ms": medianOf(workers, "firstLineMs"),
    "bare SDK import ms": medianOf(bares, "importMs"),
    "bare SDK import to first line ms": medianOf(bares, "firstLineMs"),
  };
}

/** With the settings of the deploy. */
async function bundle(name: string, input: BuildOptions) {
  const path = join(folder, `${name}.mjs`);
  const { metafile } = await build({ ...input, ...ESBUILD, outfile: path, metafile: true });
  printLargest(name, metafile);
  return { path, bytes: statSync(path).size, gzipBytes: gzipSync(readFileSync(path)).length };
}

/** Which packages a bundle is made of. */
function printLargest(name: string, { outputs }: Metafile): void {
  const bytesByPackage = new Map<string, number>();
  for (const { inputs } of Object.values(outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const found = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? "own code";
      bytesByPackage.set(found, (bytesByPackage.get(found) ?? 0) + bytesInOutput);
    }
  }
  const largest = [...bytesByPackage].sort(([, a], [, b]) => b - a).slice(0, 12);
  console.log(`${name}: ${largest.map(([found, bytes]) => `${found} ${round(bytes / 1024)} KB`).join(", ")}`);
}

/** A process of its own, started as Lambda starts it. */
async function start(entry: string): Promise<Start> {
  const child = fork(new URL("./support/first-line.ts", import.meta.url), [entry], {
    execArgv: ["--enable-source-maps"],
    env: {
      ...process.env,
      ...localAwsEnvironment({}),
      CUTOVER_TABLE_NAME: "ledger",
      CUTOVER_SECRET_ID: "login",
      CUTOVER_POLICY_FILE: join(ROOT, "infra/policy.json"),
    },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const [[message]] = await Promise.all([once(child, "message"), once(child, "exit")]);
  return message as Start;
}

function medianOf(starts: readonly Start[], member: keyof Start): number {
  return round(median(starts.map((one) => one[member])));
}
