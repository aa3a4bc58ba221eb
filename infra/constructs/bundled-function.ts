import { join } from "node:path";
import { Duration } from "aws-cdk-lib";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Architecture, Runtime } from "aws-cdk-lib/aws-lambda";
import {
  type BundlingOptions,
  NodejsFunction,
  type NodejsFunctionProps,
  OutputFormat,
} from "aws-cdk-lib/aws-lambda-nodejs";
import { LogGroup, type RetentionDays } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { type Entry, ESBUILD, ROOT, toEntryFile } from "../bundle.ts";

/** What all functions of one deployment share. */
export interface DeploymentProps {
  /** The name that logs and metrics carry, such as `cutover-production`. */
  readonly service: string;
  /** A policy that was checked already; it travels in the function's version. */
  readonly policyFile: string;
  /** How long logs are kept. */
  readonly logRetention: RetentionDays;
}

export interface BundledFunctionProps extends DeploymentProps {
  readonly entry: Entry;
  readonly description: string;
  readonly environment: Readonly<Record<string, string>>;
  /** What this function has besides. */
  readonly settings?: Partial<NodejsFunctionProps>;
}

/** One of the functions, bundled from its entry, with a role and a log group of its own. */
export class BundledFunction extends Construct {
  readonly function: NodejsFunction;
  readonly role: Role;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: BundledFunctionProps) {
    super(scope, id);
    this.logGroup = new LogGroup(this, "Logs", { retention: props.logRetention });
    this.role = new Role(this, "Role", { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
    this.logGroup.grantWrite(this.role);
    this.function = new NodejsFunction(this, "Function", {
      description: props.description,
      entry: toEntryFile(props.entry),
      projectRoot: ROOT,
      depsLockFilePath: join(ROOT, "package-lock.json"),
      bundling: toBundling(props.policyFile),
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
}

/** One file of ES modules, AWS SDK included: what runs is what the lock file names. The policy lies beside it. */
function toBundling(policyFile: string): BundlingOptions {
  return {
    format: OutputFormat.ESM,
    target: ESBUILD.target,
    mainFields: [...ESBUILD.mainFields],
    bundleAwsSDK: true,
    minify: ESBUILD.minify,
    keepNames: ESBUILD.keepNames,
    sourceMap: ESBUILD.sourcemap,
    sourcesContent: ESBUILD.sourcesContent,
    banner: ESBUILD.banner.js,
    commandHooks: {
      beforeBundling: () => [],
      beforeInstall: () => [],
      afterBundling: (_input, output) => [`cp ${quote(policyFile)} ${quote(join(output, "policy.json"))}`],
    },
  };
}

function quote(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`;
}
