import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";

const BENCHMARKS = ["flips", "memory", "waves", "cold-start", "pace", "plan", "webhook", "script", "customer"];
const RESULTS = join(import.meta.dirname, "results");
const USAGE = `usage: npm run bench [-- NAME [options]] [--save]

NAME is one of ${BENCHMARKS.join(", ")}; without NAME all benchmarks run.
--save writes the output to bench/results/NAME.txt, with command, date and machine.
bench/README.md describes each benchmark and its options.`;

const save = process.argv.includes("--save");
const [name, ...options] = process.argv.slice(2).filter((argument) => argument !== "--save");
if (name === "--help" || (name !== undefined && !BENCHMARKS.includes(name))) {
  console.error(USAGE);
  process.exitCode = name === "--help" ? 0 : 2;
} else {
  for (const each of name === undefined ? BENCHMARKS : [name]) await run(each, options);
}

/** Each benchmark runs in its own process, so that it does not inherit the heap or the compiled code of another. */
async function run(benchmark: string, given: readonly string[]): Promise<void> {
  const header = describe(benchmark, given);
  console.log(header);
  const child = spawn(process.execPath, [join(import.meta.dirname, `${benchmark}.ts`), ...given], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    process.stdout.write(chunk);
    output += chunk.toString();
  });
  const [code] = await once(child, "close");
  if (code !== 0) process.exitCode = 1;
  else if (save) keep(benchmark, `${header}${output}`);
}

function describe(benchmark: string, given: readonly string[]): string {
  const [cpu] = cpus();
  const memoryGb = Math.round(totalmem() / 2 ** 30);
  return `command: npm run bench -- ${[benchmark, ...given].join(" ")}
date: ${new Date().toISOString().slice(0, 16)}Z
machine: ${cpu?.model.trim()}, ${cpus().length} cores, ${memoryGb} GB, ${process.platform} ${process.arch}, Node ${process.versions.node}
`;
}

function keep(benchmark: string, text: string): void {
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, `${benchmark}.txt`), text);
}
