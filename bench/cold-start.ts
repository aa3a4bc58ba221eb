import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { type BuildOptions, build, type Metafile } from "esbuild";
import { ENTRIES, type Entry, FUNCTION_ESBUILD, ROOT, toEntryFile } from "../infra/bundle.ts";
import { localAwsEnvironment } from "../local/aws/environment.ts";
import { type Figures, median, printFigures, round } from "./support/figures.ts";

const { values } = parseArgs({ options: { runs: { type: "string", default: "15" } } });

const PACKAGES = {
  CloudWatch: "cloudwatch",
  CodePipeline: "codepipeline",
  DynamoDB: "dynamodb",
  EventBridge: "eventbridge",
  Lambda: "lambda",
  SecretsManager: "secrets-manager",
  SNS: "sns",
} as const;

/** The SDK clients of each function without other code: no function with this SDK can start faster. */
const BARE: Readonly<Record<Entry, string>> = {
  worker: `import { withDurableExecution } from "@aws/durable-execution-sdk-js";
    ${toClients("CloudWatch", "DynamoDB", "EventBridge", "Lambda", "SecretsManager", "SNS")}
    export const handler = withDurableExecution(async () => clients.length);`,
  "front-door": `${toClients("DynamoDB", "Lambda", "CodePipeline")}
    export const handler = async () => clients.length;`,
  webhook: `${toClients("DynamoDB", "Lambda", "SecretsManager")}
    export const handler = async () => clients.length;`,
};

/** Milliseconds since the start of the import. */
interface Start {
  readonly importMs: number;
  readonly firstLineMs: number;
}

interface Contender {
  readonly entry: Entry;
  readonly kind: "whole" | "bare";
  readonly bundle: Awaited<ReturnType<typeof bundle>>;
  readonly starts: Start[];
}

const folder = mkdtempSync(join(tmpdir(), "cutover-bench-"));
try {
  printFigures(await measureAll());
} finally {
  rmSync(folder, { recursive: true });
}

async function measureAll(): Promise<Figures> {
  const contenders: Contender[] = [];
  for (const entry of ENTRIES) {
    const whole = await bundle(entry, { entryPoints: [toEntryFile(entry)] });
    const bare = await bundle(`${entry}-bare`, { stdin: { contents: BARE[entry], resolveDir: ROOT } });
    contenders.push({ entry, kind: "whole", bundle: whole, starts: [] });
    contenders.push({ entry, kind: "bare", bundle: bare, starts: [] });
  }
  // In turn, so that all have the same noise. The first round fills the disk's cache and does not count.
  for (let run = 0; run <= Number(values.runs); run += 1) {
    for (const contender of contenders) {
      const started = await start(contender);
      if (run > 0) contender.starts.push(started);
    }
  }
  return Object.assign({}, ...contenders.map(toFigures));
}

function toFigures({ entry, kind, bundle: { bytes, gzipBytes }, starts }: Contender): Figures {
  const name = kind === "whole" ? entry : `${entry} bare SDK`;
  return {
    [`${name} bundle KB`]: round(bytes / 1024),
    [`${name} bundle gzip KB`]: round(gzipBytes / 1024),
    [`${name} import ms`]: medianOf(starts, "importMs"),
    [`${name} import to first line ms`]: medianOf(starts, "firstLineMs"),
  };
}

function toClients(...services: readonly (keyof typeof PACKAGES)[]): string {
  const imports = services.map((service) => `import { ${service}Client } from "@aws-sdk/client-${PACKAGES[service]}";`);
  return `${imports.join("\n")}
    const clients = [${services.map((service) => `new ${service}Client()`).join(", ")}];`;
}

/** Bundles with the options of the deploy. */
async function bundle(name: string, input: BuildOptions) {
  const path = join(folder, `${name}.mjs`);
  const { metafile } = await build({ ...input, ...FUNCTION_ESBUILD, outfile: path, metafile: true });
  printLargest(name, metafile);
  return { path, bytes: statSync(path).size, gzipBytes: gzipSync(readFileSync(path)).length };
}

/** Prints the largest packages of a bundle. */
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

/** Starts a child process as Lambda does. */
async function start({ entry, bundle: { path } }: Contender): Promise<Start> {
  const child = fork(new URL("./support/first-line.ts", import.meta.url), [path, entry], {
    execArgv: ["--enable-source-maps"],
    env: {
      ...process.env,
      ...localAwsEnvironment({}),
      CUTOVER_TABLE_NAME: "ledger",
      CUTOVER_SECRET_ID: "login",
      CUTOVER_EVENT_BUS: "default",
      CUTOVER_TOPIC_ARN: "arn:aws:sns:us-east-1:000000000000:cutover",
      CUTOVER_WORKER_ARN: "arn:aws:lambda:us-east-1:000000000000:function:cutover:live",
      CUTOVER_WEBHOOK_SECRETS: "{}",
      CUTOVER_POLICY_FILE: join(ROOT, "infra/policy.json"),
    },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const [[message]] = await Promise.all([once(child, "message"), once(child, "exit")]);
  return message as Start;
}

function medianOf(starts: readonly Start[], member: keyof Start): number {
  return round(median(starts.map((each) => each[member])));
}
