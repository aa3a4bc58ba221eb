import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import type { Entry } from "../../infra/bundle.ts";
import type { PolicyInput } from "../../infra/constructs/bundled-function.ts";
import type { CheckedEnvironment } from "../../infra/environment.ts";
import { addStacks } from "../../infra/stacks/add-stacks.ts";
import { afterAll } from "../support/jest.ts";

export const ROOT = join(import.meta.dirname, "../..");
export const POLICY = { baseUrl: "https://evovoice.io", accountIds: ["acme"] };
export const CONTEXT: Readonly<Record<string, unknown>> = JSON.parse(
  readFileSync(join(ROOT, "cdk.json"), "utf8"),
).context;

const QUIET = {
  "aws:cdk:bundling-stacks": [],
  "aws:cdk:disable-stack-trace": true,
  "@aws-cdk/core:annotationsInValidationReport": false,
};

const outdir = mkdtempSync(join(tmpdir(), "cutover-cdk-"));
afterAll(() => rmSync(outdir, { recursive: true }));

/**
 * An app whose functions are not bundled; what it writes is removed after the file's tests. CloudFormation's own rules
 * take as long as all the rest, for each template: `npm run synth` and long/app.test.ts apply them.
 */
export const makeApp = (context: Readonly<Record<string, unknown>> = {}) =>
  new App({
    outdir,
    builtinCloudFormationValidation: false,
    context: { ...CONTEXT, ...QUIET, ...context },
  });

/** What a policy says of a source that may send webhooks. */
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

export type Given = Partial<CheckedEnvironment>;

/** An environment with a source of webhooks, and nothing else beside the defaults. */
export const WITH_WEBHOOK: Given = { policy: { ...POLICY, webhooks: { github: GITHUB_SOURCE } } };

export function makeStacks(given: Given = {}, app: App = makeApp()) {
  return addStacks(app, { name: "production", policy: POLICY, ...given });
}

/** The templates of an environment's stacks. */
export interface Templates {
  readonly secrets: Template;
  readonly cutover: Template;
  readonly triggers: Template;
}

const DEFAULTS: Given = {};
const templatesByGiven = new Map<Given, Templates>();

/** The templates of an environment; those of one and the same object are made once. */
export function synthesize(given: Given = DEFAULTS): Templates {
  const known = templatesByGiven.get(given);
  if (known !== undefined) return known;
  const { secrets, cutover, triggers } = makeStacks(given);
  const templates = {
    secrets: Template.fromStack(secrets),
    cutover: Template.fromStack(cutover),
    triggers: Template.fromStack(triggers),
  };
  templatesByGiven.set(given, templates);
  return templates;
}

export interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: Readonly<Record<string, unknown>>;
}

/**
 * The name of the resource that a `Ref` or an `Fn::GetAtt` points at, or the name of the output of another stack,
 * which has the resource's name in it.
 */
export function targetOf(reference: unknown): string | undefined {
  const { Ref, ...others } = (reference ?? {}) as {
    readonly Ref?: string;
    readonly "Fn::GetAtt"?: readonly string[];
    readonly "Fn::GetStackOutput"?: { readonly OutputName: string };
  };
  return Ref ?? others["Fn::GetAtt"]?.[0] ?? others["Fn::GetStackOutput"]?.OutputName;
}

/** What a role may do, of all policies that are attached to it. */
export function statementsOf(template: Template, roleId: string): readonly Statement[] {
  return Object.values(template.findResources("AWS::IAM::Policy")).flatMap(({ Properties }) =>
    (Properties.Roles as unknown[]).some((role) => targetOf(role) === roleId)
      ? (Properties.PolicyDocument.Statement as Statement[])
      : [],
  );
}

const DESCRIPTIONS: Readonly<Record<Entry, string>> = {
  worker: "moves Evo Voice customers",
  "front-door": "checks a deploy event",
  webhook: "verifies a signed webhook",
};

/** A function's resource, found by its description, with the template that it is in and what its role may do. */
export function findFunction({ cutover, triggers }: Omit<Templates, "secrets">, entry: Entry) {
  const template = entry === "webhook" ? triggers : cutover;
  const found = Object.entries(template.findResources("AWS::Lambda::Function")).find(([, { Properties }]) =>
    String(Properties.Description).includes(DESCRIPTIONS[entry]),
  );
  if (found === undefined) throw new Error(`the templates have no ${entry}`);
  const [id, { Properties }] = found;
  const roleId = targetOf(Properties.Role) ?? "";
  return { id, template, properties: Properties, roleId, statements: statementsOf(template, roleId) };
}

/** The names of the resources of a type, in all templates. */
export function idsOf({ secrets, cutover, triggers }: Templates, type: string): readonly string[] {
  return [secrets, cutover, triggers].flatMap((template) => Object.keys(template.findResources(type)));
}

/** The properties of the resources of a type, in all templates. */
export function propertiesOf({ secrets, cutover, triggers }: Templates, type: string) {
  return [secrets, cutover, triggers].flatMap((template) =>
    Object.values(template.findResources(type)).map(({ Properties }) => Properties),
  );
}
