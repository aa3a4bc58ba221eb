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
    ...environments.flatMap(({ webhookSecrets = {} }, index) => {
      const policy = policies[index]?.policy;
      const unknown = policy === undefined ? [] : findUnknownSources(policy, webhookSecrets);
      return unknown.map(({ path, message }) => ({ path: `[${index}].webhookSecrets.${path}`, message }));
    }),
  ];
}

/** Values that no other environment may have. */
type ToKeys = (environment: Environment, policy: Policy | undefined) => readonly string[];
