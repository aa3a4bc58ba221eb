import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { expect, test } from "../support/jest.ts";

/** The arrows of the layout: what each room of lambda/ may import. Everything else of the same kind is refused. */
const MAY_IMPORT = {
  contract: [],
  triggers: ["contract"],
  core: ["contract"],
  steps: ["contract", "core"],
  workflow: ["contract", "core", "steps", "@aws/durable-execution-sdk-js"],
  "front-door": ["contract", "core", "triggers", "steps"],
  webhook: ["contract", "core", "triggers", "front-door"],
  evovoice: ["contract", "core", "ky", "undici"],
  ledger: ["contract", "core", "@aws-sdk/client-dynamodb"],
  aws: ["contract", "core", "@aws-sdk/client-dynamodb"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

const ROOMS = Object.keys(MAY_IMPORT);
const PACKAGES = ["@aws-sdk/client-dynamodb", "@aws/durable-execution-sdk-js", "ky", "undici"];
const OUTSIDE = ["cli", "local", "infra", "test", "bench"];
const ENTRIES = ["worker.ts", "front-door.ts", "webhook.ts"];

const PLANTED = Object.entries(MAY_IMPORT).flatMap(([room, allowed]) => {
  const may: readonly string[] = [...allowed, room];
  return [
    ...ROOMS.map((other) => ({ room, specifier: `../${other}/planted.ts`, isAllowed: may.includes(other) })),
    ...PACKAGES.map((name) => ({ room, specifier: name, isAllowed: may.includes(name) })),
    ...OUTSIDE.map((folder) => ({ room, specifier: `../../${folder}/planted.ts`, isAllowed: false })),
    ...ENTRIES.map((entry) => ({ room, specifier: `../${entry}`, isAllowed: false })),
  ].filter(({ specifier }) => specifier !== `../${room}/planted.ts`);
});

test("the linter refuses every import against the arrows of the layout, and no other", async () => {
  const refused = await findRefused(PLANTED);
  const expected = PLANTED.filter(({ isAllowed }) => !isAllowed);
  expect(refused).toEqual(new Set(expected.map(toName)));
});

function toName({ room, specifier }: (typeof PLANTED)[number]): string {
  return `${room} imports ${specifier}`;
}

/** One file an import, in a tree with the project's own linter settings. */
async function findRefused(planted: typeof PLANTED): Promise<ReadonlySet<string>> {
  const root = await mkdtemp(path.join(tmpdir(), "laws-"));
  try {
    const settings = JSON.parse(await readFile("biome.json", "utf8"));
    await writeFile(path.join(root, "biome.json"), JSON.stringify({ ...settings, vcs: { enabled: false } }));
    await cp("package.json", path.join(root, "package.json"));
    const names = new Map<string, string>();
    for (const [index, one] of planted.entries()) {
      const file = `lambda/${one.room}/planted-${index}.ts`;
      names.set(file, toName(one));
      await mkdir(path.join(root, path.dirname(file)), { recursive: true });
      await writeFile(path.join(root, file), `import { planted } from "${one.specifier}";\n\nplanted();\n`);
    }
    const found = await lint(root);
    return new Set(found.map((file) => names.get(file) ?? file));
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function lint(root: string): Promise<readonly string[]> {
  const biome = path.resolve("node_modules/@biomejs/biome/bin/biome");
  const only = ["lint", "--only=style/noRestrictedImports", "--max-diagnostics=none", "--reporter=json", "lambda"];
  const { stdout } = await promisify(execFile)(process.execPath, [biome, ...only], {
    cwd: root,
    maxBuffer: 1 << 26,
  }).catch((error: { readonly stdout: string }) => error);
  const { diagnostics } = JSON.parse(stdout) as { readonly diagnostics: readonly Diagnostic[] };
  return diagnostics.map(({ location }) => (typeof location.path === "string" ? location.path : location.path.file));
}

interface Diagnostic {
  readonly location: { readonly path: string | { readonly file: string } };
}
