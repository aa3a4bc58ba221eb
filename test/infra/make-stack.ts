import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "@jest/globals";
import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import type { PolicyInput } from "../../infra/constructs/cutover.ts";
import type { EnvironmentConfig } from "../../infra/read-environments.ts";
import { CutoverStack } from "../../infra/stacks/cutover-stack.ts";

export const ROOT = join(import.meta.dirname, "../..");
export const POLICY = { baseUrl: "https://evovoice.io", accountIds: ["acme"] };
export const CONTEXT: Readonly<Record<string, unknown>> = JSON.parse(
  readFileSync(join(ROOT, "cdk.json"), "utf8"),
).context;

const outdir = mkdtempSync(join(tmpdir(), "cutover-cdk-"));
afterAll(() => rmSync(outdir, { recursive: true }));

/**
 * An app whose functions are not bundled; what it writes is gone after the file's tests. CloudFormation's own rules take
 * as long as all the rest, for every template anew: `npm run synth` and app.deep.ts go by them.
 */
export const makeApp = () =>
  new App({
    outdir,
    builtinCloudFormationValidation: false,
    context: { ...CONTEXT, "aws:cdk:bundling-stacks": [], "aws:cdk:disable-stack-trace": true },
  });

/** What a policy says of a source that one may send webhooks. */
export const GITHUB_SOURCE = {
  kind: "github",
  mappings: [
    {
      event: "deployment_status",
      when: { repository: "acme/phones", environment: "production", state: "success" },
      start: { action: "promote", release: { from: "ref" }, targets: { all: true } },
    },
  ],
} satisfies NonNullable<PolicyInput["webhooks"]>[string];

/** A whole configuration of which a test says what matters to it. */
export function anEnvironment(given: Partial<EnvironmentConfig> = {}): EnvironmentConfig {
  return {
    name: "production",
    policyFile: "policy.json",
    policy: POLICY,
    secret: { create: "cutover/evovoice" },
    webhooks: {},
    schedules: [],
    testEvents: "none",
    stuckAfterHours: 24,
    logRetentionDays: 90,
    ...given,
  };
}

export function makeStack(given: Partial<EnvironmentConfig> = {}, app: App = makeApp()): CutoverStack {
  const config = anEnvironment(given);
  return new CutoverStack(app, `cutover-${config.name}`, { config });
}

const templates = new Map<string, Template>();

/** The template of such a stack, made once. */
export function synthesize(given: Partial<EnvironmentConfig> = {}): Template {
  const key = JSON.stringify(given);
  const template = templates.get(key) ?? Template.fromStack(makeStack(given));
  templates.set(key, template);
  return template;
}

export interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: Readonly<Record<string, unknown>>;
}

/** The name of the resource that a `Ref` or an `Fn::GetAtt` points at. */
export function targetOf(reference: unknown): string | undefined {
  const { Ref, "Fn::GetAtt": attribute } = (reference ?? {}) as { Ref?: string; "Fn::GetAtt"?: readonly string[] };
  return Ref ?? attribute?.[0];
}

/** What a role may do, of all policies that are attached to it. */
export function statementsOf(template: Template, roleId: string): readonly Statement[] {
  return Object.values(template.findResources("AWS::IAM::Policy")).flatMap(({ Properties }) =>
    (Properties.Roles as unknown[]).some((role) => targetOf(role) === roleId)
      ? (Properties.PolicyDocument.Statement as Statement[])
      : [],
  );
}

/** A function's resource, found by what it is told in its description. */
export function findFunction(template: Template, words: string) {
  const found = Object.entries(template.findResources("AWS::Lambda::Function")).find(([, { Properties }]) =>
    String(Properties.Description).includes(words),
  );
  if (found === undefined) throw new Error(`the template has no function that ${words}`);
  const [id, { Properties }] = found;
  return { id, properties: Properties, roleId: targetOf(Properties.Role) ?? "" };
}

export const DESCRIPTIONS = {
  cutover: "moves Evo Voice customers",
  start: "checks a deploy event",
  webhook: "verifies a signed webhook",
} as const;
