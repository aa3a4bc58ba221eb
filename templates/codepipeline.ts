import { Stack, type StackProps } from "aws-cdk-lib";
import { BuildSpec, LinuxArmBuildImage, PipelineProject } from "aws-cdk-lib/aws-codebuild";
import {
  Action,
  type ActionBindOptions,
  ActionCategory,
  type ActionConfig,
  type ActionProperties,
  Artifact,
  type CommonAwsActionProps,
  GlobalVariables,
  type IStage,
  Pipeline,
} from "aws-cdk-lib/aws-codepipeline";
import {
  CodeBuildAction,
  CodeStarConnectionsSourceAction,
  ManualApprovalAction,
} from "aws-cdk-lib/aws-codepipeline-actions";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import type { z } from "zod";
import type { Cutover } from "../infra/constructs/cutover.ts";
import type { FlipEvent } from "../lambda/contract/deploy-event.ts";
import { type Right, rightFor } from "../lambda/contract/rights.ts";

export interface PhoneReleaseProps extends StackProps {
  readonly cutover: Cutover;
  /** The phone servers' code; its `buildspec.yml` deploys the staging and the production servers. */
  readonly repository: { readonly owner: string; readonly name: string; readonly branch: string };
  /** A connection of CodePipeline to GitHub, GitLab or Bitbucket. */
  readonly connectionArn: string;
}

/**
 * An example to copy: a pipeline that deploys phone servers, plans the promote, waits for a person's approval and promotes.
 * Add it to an app with the construct `Cutover`, in the same account and region.
 */
export class PhoneRelease extends Stack {
  constructor(scope: Construct, id: string, { cutover, repository, connectionArn, ...props }: PhoneReleaseProps) {
    super(scope, id, props);
    const code = new Artifact("code");
    const source = new CodeStarConnectionsSourceAction({
      actionName: "fetch",
      owner: repository.owner,
      repo: repository.name,
      branch: repository.branch,
      connectionArn,
      output: code,
      variablesNamespace: "source",
    });
    const project = new PipelineProject(this, "Servers", {
      environment: { buildImage: LinuxArmBuildImage.AMAZON_LINUX_2_STANDARD_3_0 },
      buildSpec: BuildSpec.fromSourceFilename("buildspec.yml"),
    });
    const promote = { cutover, action: "promote", release: source.variables.commitId, targets: { all: true } } as const;
    const run = GlobalVariables.executionId;
    const plan = new CutoverAction({
      ...{ ...promote, actionName: "plan", runOrder: 1, dryRun: true, id: `plan-${run}` },
      variablesNamespace: "plan",
    });
    new Pipeline(this, "Pipeline", {
      stages: [
        { stageName: "Source", actions: [source] },
        { stageName: "Deploy", actions: [new CodeBuildAction({ actionName: "servers", project, input: code })] },
        {
          stageName: "Promote",
          actions: [
            plan,
            new ManualApprovalAction({
              actionName: "approve",
              runOrder: 2,
              additionalInformation: `Plan ${plan.variables.plan}: the details of the action "plan" have its waves and its first customers.`,
            }),
            new CutoverAction({
              ...{ ...promote, actionName: "promote", runOrder: 3, id: `promote-${run}` },
              plan: plan.variables.plan,
            }),
          ],
        },
      ],
    });
  }
}

type Event = z.input<typeof FlipEvent>;

/** The inputs of action.yml and gitlab-ci.yml for stage and promote, with the same meaning and defaults. */
export interface CutoverActionProps
  extends CommonAwsActionProps,
    Pick<Event, "action" | "release" | "targets" | "exclude" | "strategy" | "onFailure" | "dryRun" | "plan">,
    Pick<Event, "notAfter" | "onFreeze" | "onBusy" | "override" | "id" | "requestedBy" | "reason"> {
  readonly cutover: Cutover;
  /**
   * Whether the action waits for the end of the rollout, at most 24 hours, and fails when the rollout fails.
   * @default true
   */
  readonly wait?: boolean;
}

/** CodePipeline's limit. */
const MOST_PARAMETERS = 1_000;

/**
 * An action that starts a rollout with the front door. CDK's `LambdaInvokeAction` would change the front door's role; this
 * action only gives the pipeline's role the permission to start rollouts.
 */
export class CutoverAction extends Action {
  protected readonly providedActionProperties: ActionProperties;
  readonly #cutover: Cutover;
  readonly #right: Right;
  readonly #parameters: object;

  constructor({ cutover, wait, ...given }: CutoverActionProps) {
    super();
    const { action, release, targets, exclude, strategy, onFailure, dryRun, plan, ...others } = given;
    const { notAfter, onFreeze, onBusy, override, id, requestedBy, reason, ...props } = others;
    const flips = { action, release, targets, exclude, strategy, onFailure, dryRun, plan };
    const event = { ...flips, notAfter, onFreeze, onBusy, override, id, requestedBy, reason };
    this.#cutover = cutover;
    this.#right = rightFor(event);
    this.#parameters = { ...event, wait };
    const { length } = JSON.stringify(this.#parameters);
    if (length > MOST_PARAMETERS)
      throw new Error(
        `${props.actionName}: got ${length} characters of parameters; CodePipeline takes ${MOST_PARAMETERS}: name customers by a tag or a cohort of the policy`,
      );
    this.providedActionProperties = {
      ...props,
      category: ActionCategory.INVOKE,
      provider: "Lambda",
      artifactBounds: { minInputs: 0, maxInputs: 0, minOutputs: 0, maxOutputs: 0 },
    };
  }

  /** What the front door tells the pipeline: for later actions, when the action has a `variablesNamespace`. */
  get variables() {
    return { rolloutId: this.variableExpression("rolloutId"), plan: this.variableExpression("plan") };
  }

  protected bound(scope: Construct, _stage: IStage, { role }: ActionBindOptions): ActionConfig {
    this.#cutover.frontDoor.grant(this.#right, role);
    // CodePipeline finds the function in the account's list, a call without resources.
    role.addToPrincipalPolicy(new PolicyStatement({ actions: ["lambda:ListFunctions"], resources: ["*"] }));
    return {
      configuration: {
        FunctionName: this.#cutover.frontDoor.aliases[this.#right].functionName,
        UserParameters: Stack.of(scope).toJsonString(this.#parameters),
      },
    };
  }
}
