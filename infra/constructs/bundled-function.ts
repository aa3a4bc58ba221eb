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

/** A policy as an operator writes it: a member with a default can be left out. */
export type PolicyInput = z.input<typeof CutoverPolicy>;

/** What all functions of one environment share. */
export interface DeploymentProps {
  /** The name in logs and metrics, such as `cutover-production`. */
  readonly service: string;
  /** A policy that was checked. It is part of the function's code, so a changed policy is a new version. */
  readonly policy: PolicyInput;
  /** How long CloudWatch keeps the logs. */
  readonly logRetention: RetentionDays;
}

export interface BundledFunctionProps extends DeploymentProps {
  readonly entry: Entry;
  readonly description: string;
  readonly environment: Readonly<Record<string, string>>;
  /** What differs from the other functions. */
  readonly settings?: FunctionOptions;
}

/** A function that is bundled from its entry, with a role and a log group of its own. */
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

  /** Allows actions on the executions of a durable function, which may be this one. */
  protected grantExecutions(durable: LambdaFunction, actions: readonly string[]): void {
    const logicalId = Stack.of(durable).getLogicalId(durable.node.defaultChild as CfnElement);
    // A policy of its own: in the role's default policy, the function would wait for the role and the role for it.
    this.grantWide("Executions", {
      actions: actions.map((action) => `lambda:${action}`),
      resource: `${durable.functionArn}:*`,
      named: `<${logicalId}.Arn>:*`,
      reason: "Lambda checks an execution's ARN. Its version and id do not exist yet at deploy.",
    });
  }

  /** Allows actions whose resource needs a wildcard, which is named as cdk-nag names it. */
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

/** The files that `npm run build` writes. CDK's own `NodejsFunction` would be a second description of the same bundle. */
function toCode({ entry, policy }: BundledFunctionProps): Code {
  const tryBundle = (folder: string): boolean => {
    bundleFunction(entry, folder, policy);
    return true;
  };
  return Code.fromAsset(join(ROOT, "lambda"), {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // No image is used: the bundle is always written here.
      image: DockerImage.fromRegistry("unused"),
      local: { tryBundle },
      // CDK bundles once what has the same options: by its command, each function's bundle is one of its own.
      command: [entry, JSON.stringify(policy)],
    },
  });
}
