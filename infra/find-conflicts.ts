import { Stack, Token, TokenComparison } from "aws-cdk-lib";
import { Construct, type IConstruct } from "constructs";
import type { Policy } from "../lambda/contract/policy.ts";
import type { Problem } from "../lambda/contract/problems.ts";
import { findUnknownSources } from "./constructs/webhook.ts";
import type { Environment } from "./environment.ts";

interface ReadPolicy {
  /** Undefined for a policy with problems. */
  readonly policy?: Policy;
}

/** The conflicts between environments, and between environments and their policies; the paths begin with `[0]`. */
export function findConflicts(environments: readonly Environment[], policies: readonly ReadPolicy[]) {
  const findShared = (member: keyof Environment, expected: string, toKeys: ToKeys): readonly Problem[] => {
    const keys = environments.map((environment, index) => toKeys(environment, policies[index]?.policy));
    return keys.flatMap((own, index) => {
      const taken = own.find((key) => keys.slice(0, index).flat().includes(key));
      const message = `got ${taken} of another environment; expected ${expected}`;
      return taken === undefined ? [] : [{ path: `[${index}].${member}`, message }];
    });
  };
  return [
    ...findShared("name", "a name that no other environment has", ({ name }) => [name]),
    // Each environment has its own lock: two environments would flip the same customers at the same time.
    ...findShared(
      "policyFile",
      "accounts that no other environment has: the lock allows one rollout at a time only within an environment",
      (_, policy) => (policy?.accountIds ?? []).map((account) => `${policy?.baseUrl} ${account}`),
    ),
    ...findShared("testEvents", '"import": a region has one registry', ({ testEvents, env }) =>
      testEvents === "create" ? [`${env?.account} ${env?.region}`] : [],
    ),
    ...findShared("github", "a provider: an account has one for GitHub", ({ github, env }) =>
      github !== undefined && github.provider === undefined ? [`${env?.account}`] : [],
    ),
    ...environments.flatMap((environment, index) =>
      findForeign(environment).map(({ path, message }) => ({ path: `[${index}].${path}`, message })),
    ),
    ...environments.flatMap(({ webhookSecrets = {} }, index) => {
      const policy = policies[index]?.policy;
      const unknown = policy === undefined ? [] : findUnknownSources(policy, webhookSecrets);
      return unknown.map(({ path, message }) => ({ path: `[${index}].webhookSecrets.${path}`, message }));
    }),
  ];
}

/** Values that no other environment may have. */
type ToKeys = (environment: Environment, policy: Policy | undefined) => readonly string[];

/** A resource that exists, with its account and region. */
type Find = ((scope: Construct) => IConstruct & { readonly env: Readonly<Record<Place, string>> }) | undefined;
type Place = "account" | "region";

/** The resources of another region or account that cannot work there. Without an `env`, the region is not known yet. */
function findForeign(environment: Environment): readonly Problem[] {
  const { env = {}, events, notifications, alarmTopic, encryptionKey, login, webhookSecrets = {} } = environment;
  const stack = new Stack(undefined, undefined, { env });
  const compare = (path: string, find: Find, places: readonly Place[]): readonly Problem[] => {
    const found = find?.(new Construct(stack, path));
    return places.flatMap((place) => {
      const got = found?.env[place] ?? stack[place];
      if (Token.compareStrings(got, stack[place]) !== TokenComparison.DIFFERENT) return [];
      return [
        { path, message: `got a resource of the ${place} ${got}; expected one of ${stack[place]}: ${REASONS[place]}` },
      ];
    });
  };
  return [
    ...compare("events.bus", events?.bus, ["account", "region"]),
    ...compare("notifications.bus", notifications?.bus, ["region"]),
    ...compare("alarmTopic", alarmTopic, ["region"]),
    ...compare("encryptionKey", encryptionKey, ["region"]),
    ...compare("login", login, ["region"]),
    ...Object.entries(webhookSecrets).flatMap(([source, find]) =>
      compare(`webhookSecrets.${source}`, find, ["region"]),
    ),
  ];
}

const REASONS: Readonly<Record<Place, string>> = {
  account:
    "a rule on a bus of another account cannot start the front door; forward the events to a bus of this account",
  region: "functions, alarms and secrets reach only resources of their own region",
};
