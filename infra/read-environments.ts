import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { BadConfigError, readPolicy } from "../lambda/config.ts";
import { countProblems, findProblems, formatProblems, type Problem } from "../lambda/events/problems.ts";
import { findRepeatedMembers } from "../lambda/events/repeated-members.ts";
import type { PolicyInput } from "./constructs/cutover.ts";
import { findScheduleProblems } from "./constructs/schedules.ts";
import { findSourceProblems } from "./constructs/webhook.ts";
import { InfraConfig } from "./environment.ts";
import { findSecretValues, hideSecretValues } from "./secret-values.ts";

/** An environment with the policy that it names. */
export type EnvironmentConfig = InfraConfig["environments"][number] & { readonly policy: PolicyInput };

export interface CheckedConfig {
  readonly environments: readonly EnvironmentConfig[];
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * Reads what is to be deployed and checks the policies that it names and the events of its schedules, so that none of
 * it can fail after a deploy. A policy's path is taken from the configuration's own folder.
 * @throws BadConfigError with all problems at once
 */
export function readInfraConfig(path: string): CheckedConfig {
  const text = readText(path);
  const json = parseJson(path, text);
  const given = [...findRepeatedMembers(text), ...findSecretValues(json)];
  const shown = hideSecretValues(json);
  const parsed = InfraConfig.safeParse(shown);
  if (!parsed.success) {
    const paths = new Set(given.map((problem) => problem.path));
    const others = findProblems(parsed.error, shown).filter((problem) => !paths.has(problem.path));
    throw refuse(path, [...given, ...others]);
  }
  const read = parsed.data.environments.map((environment, index) => readEnvironment(path, environment, index));
  const own = read.flatMap((each) => each.problems);
  const problems = [...given, ...findRepeated(parsed.data), ...own, ...findSharedAccounts(read)];
  if (problems.length > 0) throw refuse(path, problems);
  return { tags: parsed.data.tags, environments: read.map((each) => each.environment) };
}

type ParsedEnvironment = InfraConfig["environments"][number];

function readEnvironment(path: string, environment: ParsedEnvironment, index: number) {
  const at = `environments[${index}]`;
  const policyFile = resolve(dirname(path), environment.policyFile);
  const whole = (policy: unknown) => ({ ...environment, policyFile, policy: policy as PolicyInput });
  try {
    const policy = readPolicy(policyFile);
    const json = parseJson(policyFile, readText(policyFile));
    const secrets = findSecretValues(json).map((problem) => ({ ...problem, path: `policyFile, ${problem.path}` }));
    const problems = [
      ...secrets,
      ...environment.schedules.flatMap((schedule, place) => findScheduleProblems(schedule, place, policy)),
      ...findSourceProblems(policy, environment.webhooks),
    ].map((problem) => ({ ...problem, path: `${at}.${problem.path}` }));
    return { environment: whole(json), problems };
  } catch (error) {
    if (!(error instanceof BadConfigError)) throw error;
    return { environment: whole({}), problems: [{ path: `${at}.policyFile`, message: error.message }] };
  }
}

/** Two of a name would be one stack; two that create what an account has once, one that fails. */
function findRepeated({ environments }: InfraConfig): readonly Problem[] {
  const created = environments.flatMap(toCreatedSecrets);
  const REGISTRY = 'got "create" again; expected "import": a region has one registry';
  const PROVIDER = "expected providerArn: an account has one provider for GitHub";
  const repeats = (member: string, message: string, toKey: (each: ParsedEnvironment) => string | undefined) =>
    findRepeats(environments.map(toKey)).map((index) => ({ path: `environments[${index}].${member}`, message }));
  return [
    ...repeats("name", "got the name of another one; expected a name of its own", ({ name }) => name),
    ...repeats("testEvents", REGISTRY, ({ testEvents, account, region }) =>
      testEvents === "create" ? `${account}/${region}` : undefined,
    ),
    ...repeats("github", PROVIDER, ({ github, account }) =>
      github !== undefined && github.providerArn === undefined ? `${account}` : undefined,
    ),
    ...findRepeats(created.map(({ key }) => key)).map((place) => ({
      path: created[place]?.path ?? "",
      message: 'got the name of another secret that is created; expected a name of its own, or "import" for the same',
    })),
    ...environments.flatMap(({ schedules }, index) =>
      findRepeats(schedules.map(({ name }) => name)).map((place) => ({
        path: `environments[${index}].schedules[${place}].name`,
        message: "got the name of another schedule; expected a name of its own",
      })),
    ),
  ];
}

/** Each environment has a lock of its own: two that name the same customers would flip them at the same time. */
function findSharedAccounts(read: readonly { readonly environment: EnvironmentConfig }[]): readonly Problem[] {
  const keys = read.map(({ environment: { policy } }) =>
    (policy.accountIds ?? []).map((account) => `${policy.baseUrl} ${account}`),
  );
  return keys.flatMap((own, index) => {
    const before = new Set(keys.slice(0, index).flat());
    const shared = own.find((key) => before.has(key));
    const message = `got ${shared} of another environment; expected accounts of its own, because one rollout at a time is kept to within one environment only`;
    return shared === undefined ? [] : [{ path: `environments[${index}].policyFile`, message }];
  });
}

/** A region of an account has one secret of a name. */
function toCreatedSecrets({ account, region, secret, webhooks }: ParsedEnvironment, index: number) {
  const named = Object.entries(webhooks).map(([name, source]) => ({ at: `webhooks.${name}`, source }));
  return [{ at: "secret", source: secret }, ...named].flatMap(({ at, source }) =>
    "create" in source
      ? [{ path: `environments[${index}].${at}.create`, key: `${account}/${region}/${source.create}` }]
      : [],
  );
}

/** The places of keys that came before; undefined is none. */
function findRepeats(keys: readonly (string | undefined)[]): readonly number[] {
  return keys.flatMap((key, index) => (key !== undefined && keys.indexOf(key) < index ? [index] : []));
}

function refuse(path: string, problems: readonly Problem[]): BadConfigError {
  return new BadConfigError(`${path} was refused; ${countProblems(problems)}:\n${formatProblems(problems)}`);
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8").replace(/^\uFEFF/, "");
  } catch (cause) {
    const { code = "unknown" } = cause as NodeJS.ErrnoException;
    throw new BadConfigError(`${path} cannot be read (${code})`, { cause });
  }
}

/** What a parser says of broken JSON repeats a piece of it, and a password may stand there: only the place is told. */
function parseJson(path: string, text: string): unknown {
  const parsed = tryParse(text);
  if ("json" in parsed) return parsed.json;
  throw new BadConfigError(`${path} is not JSON${parsed.place}; correct it`);
}

function tryParse(text: string): { readonly json: unknown } | { readonly place: string } {
  try {
    return { json: JSON.parse(text) };
  } catch (error) {
    return { place: toPlace(String(error), text) };
  }
}

/** V8 tells either the place or the text around it, and that of ten characters before. */
function toPlace(complaint: string, text: string): string {
  const [known] = /\(line \d+ column \d+\)/.exec(complaint) ?? [];
  if (known !== undefined) return ` ${known}`;
  const [, around = ""] = /"(.*)"(?:\.\.\.)? is not valid JSON$/s.exec(complaint) ?? [];
  const at = text.indexOf(around);
  if (around === "" || at < 0) return "";
  return ` (near line ${text.slice(0, at + Math.min(10, around.length)).split("\n").length})`;
}
