import { Template } from "aws-cdk-lib/assertions";
import { Artifact, Pipeline } from "aws-cdk-lib/aws-codepipeline";
import { S3SourceAction } from "aws-cdk-lib/aws-codepipeline-actions";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { CutoverAction, type CutoverActionProps } from "../../../templates/codepipeline.ts";
import { makeApp, makeStacks, type Statement, statementsOf, targetOf } from "../../infra/make-stack.ts";

/** An action of a pipeline, as its template declares it. */
export interface DeclaredAction {
  readonly Name: string;
  readonly RunOrder: number;
  readonly RoleArn: unknown;
  readonly ActionTypeId: { readonly Category: string; readonly Provider: string };
  readonly Configuration: { readonly FunctionName: unknown; readonly UserParameters: string };
}

/** A pipeline of one Cutover action, in the deployment's own stack, and what the action's role may do. */
export function declareAction(
  given: Partial<CutoverActionProps>,
): DeclaredAction & { readonly statements: readonly Statement[] } {
  const stack = makeStacks({}, makeApp()).cutover;
  const { cutover } = stack;
  const action = { action: "promote", release: "2026.11.0", targets: { all: true } } as const;
  const source = new S3SourceAction({
    actionName: "fetch",
    bucket: Bucket.fromBucketName(stack, "Releases", "releases"),
    bucketKey: "release.zip",
    output: new Artifact(),
  });
  new Pipeline(stack, "Pipeline", {
    stages: [
      { stageName: "Source", actions: [source] },
      { stageName: "Promote", actions: [new CutoverAction({ actionName: "promote", cutover, ...action, ...given })] },
    ],
  });
  const template = Template.fromStack(stack);
  const declared = getAction(template, "promote");
  return { ...declared, statements: statementsOf(template, targetOf(declared.RoleArn) ?? "") };
}

export function findActions(template: Template): readonly DeclaredAction[] {
  return Object.values(template.findResources("AWS::CodePipeline::Pipeline")).flatMap(({ Properties }) =>
    (Properties.Stages as { Actions: DeclaredAction[] }[]).flatMap(({ Actions }) => Actions),
  );
}

export function getAction(template: Template, name: string): DeclaredAction {
  const action = findActions(template).find(({ Name }) => Name === name);
  if (action === undefined) throw new Error(`the pipeline has no action ${name}`);
  return action;
}
