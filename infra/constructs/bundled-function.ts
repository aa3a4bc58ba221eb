import { join } from "node:path";
import { AssetHashType, type CfnElement, DockerImage, Duration, Stack, Validations } from "aws-cdk-lib";
import { Policy, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Architecture, Code, type FunctionOptions, Function as LambdaFunction, Runtime } from "aws-cdk-lib/aws-lambda";
import { LogGroup, type RetentionDays } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import type { z } from "zod";
import type { Policy as CutoverPolicy } from "../../lambda/contract/policy.ts";
import { type Entry, ROOT } from "../bundle.ts";
import { bundleFunction } from "../bundle-entry.ts";

/** A policy as an operator writes it: members with a default are optional. */
export type PolicyInput = z.input<typeof CutoverPolicy>;

export interface DeploymentProps {
  /** The name in logs and metrics, such as `cutover-production`. */
  readonly service: string;
  /** A checked policy. It is part of the function's code, so a changed policy is a new version. */
  readonly policy: PolicyInput;
  /** How long CloudWatch keeps the logs. */
  readonly logRetention: RetentionDays;
}

export interface BundledFunctionProps extends DeploymentProps {
  readonly entry: Entry;
  readonly description: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The options that differ from the other functions. */
  readonly settings?: FunctionOptions;
}

/** A function with its own bundle, role and log group. */
export class BundledFunction extends Construct {
  readonly function: LambdaFunction;
  readonly role: Role;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: BundledFunctionProps) {
    super(scope, id);
    this.logGroup = new LogGroup(this, "Logs", { retention: props.logRetention });
    this.role = new Role(this, "Role", { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
    this.logGroup.grantWrite(this.role);
    this.function = new LambdaFunction(this, "Function", {
      description: props.description,
      code: toCode(props),
      handler: "index.handler",
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 512,
      timeout: Duration.seconds(30),
      role: this.role,
      logGroup: this.logGroup,
      environment: {
        CUTOVER_POLICY_FILE: "policy.json",
        POWERTOOLS_SERVICE_NAME: props.service,
        NODE_OPTIONS: "--enable-source-maps",
        ...props.environment,
      },
      ...props.settings,
    });
  }

  /** Allows actions on the executions of a durable function, which may be this function. */
  protected grantExecutions(durable: LambdaFunction, actions: readonly string[]): void {
    const logicalId = Stack.of(durable).getLogicalId(durable.node.defaultChild as CfnElement);
    // A separate policy: in the role's default policy, the function and the role would wait for each other.
    this.grantWide("Executions", {
      actions: actions.map((action) => `lambda:${action}`),
      resource: `${durable.functionArn}:*`,
      named: `<${logicalId}.Arn>:*`,
      reason: "Lambda checks an execution's ARN. Its version and id do not exist yet at deploy.",
    });
  }

  /** Allows actions whose resource needs a wildcard; `named` is cdk-nag's name of the resource. */
  protected grantWide(id: string, { actions, resource, named = resource, reason }: WideGrant): void {
    const statements = [new PolicyStatement({ actions: [...actions], resources: [resource] })];
    const policy = new Policy(this, id, { roles: [this.role], statements });
    Validations.of(policy).acknowledge({ id: `AwsSolutions-IAM5[Resource::${named}]`, reason });
  }
}

interface WideGrant {
  readonly actions: readonly string[];
  readonly resource: string;
  readonly named?: string;
  readonly reason: string;
}

/** The same files as `npm run build`. CDK's `NodejsFunction` would need a second description of the bundle. */
function toCode({ entry, policy }: BundledFunctionProps): Code {
  const tryBundle = (folder: string): boolean => {
    bundleFunction(entry, folder, policy);
    return true;
  };
  return Code.fromAsset(join(ROOT, "lambda"), {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // The image is never used, because `tryBundle` always succeeds.
      image: DockerImage.fromRegistry("unused"),
      local: { tryBundle },
      // CDK bundles once for equal options. The command makes the options of each function different.
      command: [entry, JSON.stringify(policy)],
    },
  });
}
