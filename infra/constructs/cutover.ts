import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Annotations, CfnOutput, Duration, Stack } from "aws-cdk-lib";
import type { Grant, IGrantable } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import { Construct } from "constructs";
import type { z } from "zod";
import { BadConfigError, parsePolicy } from "../../lambda/config.ts";
import type { Policy } from "../../lambda/events/policy.ts";
import { formatProblems, type Problem } from "../../lambda/events/problems.ts";
import { findSecretValues } from "../secret-values.ts";
import { Alarms } from "./alarms.ts";
import type { DeploymentProps } from "./bundled-function.ts";
import { Overview } from "./dashboard.ts";
import { DeadLetters } from "./dead-letters.ts";
import { type CustomEvents, EventTriggers } from "./event-triggers.ts";
import { Start } from "./front-door.ts";
import { GitHubAccess, type GitHubAccessProps } from "./github-access.ts";
import { Ledger } from "./ledger.ts";
import { CutoverMetrics } from "./metrics.ts";
import { Tell, type TellTargets } from "./notifications.ts";
import { type CutoverSchedule, Schedules } from "./schedules.ts";
import { Secret, type SecretSource } from "./secret.ts";
import { TestEvents } from "./test-events.ts";
import { findSourceProblems, Webhook } from "./webhook.ts";
import { Worker } from "./worker.ts";

/** What stands in the policy that ships, so that a clone can be looked at before anything is known. */
const PLACEHOLDER = "replace-with-your-account-id";
const TO_REPLACE = `the policy's accountIds hold "${PLACEHOLDER}": write the ids of the Evo Voice accounts whose customers may be flipped; until then every rollout ends without one`;

/** A policy as an operator writes it: what has a default can be left out. */
export type PolicyInput = z.input<typeof Policy>;

export interface CutoverProps {
  /** The guard rails of this deployment; checked at synth, and part of each function's bundle. */
  readonly policy: PolicyInput;
  /**
   * The name in logs, metrics, alarms and the dashboard; unique in the account and region.
   * @default - the stack's name
   */
  readonly service?: string;
  /**
   * The Evo Voice login: JSON with `userName` and `password`.
   * @default - an empty secret of the name SERVICE/evovoice, to be filled by hand
   */
  readonly login?: SecretSource;
  /**
   * The signing secrets of those who may send webhooks, by the source's name in the policy.
   * @default - none: there is no public door
   */
  readonly webhooks?: Readonly<Record<string, SecretSource>>;
  /**
   * How many deliveries the public door takes at once: what a flood can use of the account's concurrency.
   * @default - as many as the account lets it; a reservation takes capacity from every other function
   */
  readonly webhookConcurrency?: number;
  /**
   * The customer-managed key that encrypts the secrets.
   * @default - AWS's own key for Secrets Manager
   */
  readonly encryptionKey?: IKey;
  /**
   * Deploy events that time sends.
   * @default - none
   */
  readonly schedules?: readonly CutoverSchedule[];
  /**
   * Who may send deploy events over EventBridge.
   * @default - nobody
   */
  readonly events?: CustomEvents;
  /**
   * A role for GitHub Actions.
   * @default - none
   */
  readonly github?: GitHubAccessProps;
  /**
   * Shareable test events for the console; the registry that holds them is one for each account and region.
   * @default "none"
   */
  readonly testEvents?: "create" | "import" | "none";
  /**
   * Whom it tells what becomes of its rollouts.
   * @default - the default event bus, and a topic that nobody is subscribed to yet
   */
  readonly tell?: TellTargets;
  /**
   * Who is told of an alarm.
   * @default - nobody: alarms are shown on the dashboard
   */
  readonly alarmTopic?: ITopic;
  /**
   * After how long a running rollout is reported as stuck, in whole hours, at most a week.
   * @default Duration.hours(24)
   */
  readonly stuckAfter?: Duration;
  /** @default RetentionDays.THREE_MONTHS */
  readonly logRetention?: RetentionDays;
}

/** All that one Evo Voice environment needs: the worker and its doors, their ledger, secrets, triggers and alarms. */
export class Cutover extends Construct {
  readonly ledger: Ledger;
  readonly worker: Worker;
  readonly start: Start;
  readonly tell: Tell;
  /** Only there when a source is configured. */
  readonly webhook: Webhook | undefined;

  constructor(scope: Construct, id: string, props: CutoverProps) {
    super(scope, id);
    const policy = checkPolicy(props);
    const service = props.service ?? Stack.of(this).stackName;
    if (policy.accountIds.includes(PLACEHOLDER)) Annotations.of(this).addWarningV2("cutover:placeholder", TO_REPLACE);
    const { queue: deadLetters } = new DeadLetters(this, "DeadLetters");
    this.ledger = new Ledger(this, "Ledger");
    this.tell = new Tell(this, "Tell", { service, ...props.tell });
    const folder = mkdtempSync(join(tmpdir(), "cutover-policy-"));
    try {
      const policyFile = join(folder, "policy.json");
      writeFileSync(policyFile, `${JSON.stringify(props.policy, null, 2)}\n`);
      const logRetention = props.logRetention ?? RetentionDays.THREE_MONTHS;
      const deployment: DeploymentProps = { service, policyFile, logRetention };
      const { ledger, tell } = this;
      const login = this.#makeLogin(service, props);
      this.worker = new Worker(this, "Worker", { ...deployment, ledger, login, tell, deadLetters });
      this.start = new Start(this, "Start", { ...deployment, ledger, worker: this.worker, deadLetters });
      this.webhook = this.#makeWebhook(deployment, props);
    } finally {
      // The bundles have their copies.
      rmSync(folder, { recursive: true });
    }
    this.#addTriggers(policy, deadLetters, props);
    this.#addObservation(service, deadLetters, props);
    new CfnOutput(this, "StartFunction", {
      value: this.start.function.functionName,
      description: "The front door: what the console, the CLI and CI invoke",
    });
  }

  /** Allows to start rollouts and to ask for their status. */
  grantStart(grantee: IGrantable): Grant {
    return this.start.grantInvoke(grantee);
  }

  /** Allows to read reports and outcomes from the ledger. */
  grantReadLedger(grantee: IGrantable): Grant {
    return this.ledger.grantRead(grantee);
  }

  #makeLogin(service: string, { login = { create: `${service}/evovoice` }, encryptionKey }: CutoverProps): Secret {
    return new Secret(this, "Login", {
      source: login,
      description: `Evo Voice dashboard sign-in for ${service}: {"userName": …, "password": …}`,
      rotation: "Evo Voice has no way to change a password by API; a person rotates it, and it is picked up at once.",
      encryptionKey,
    });
  }

  #makeWebhook(
    deployment: DeploymentProps,
    { webhooks = {}, encryptionKey, webhookConcurrency: concurrency }: CutoverProps,
  ): Webhook | undefined {
    const { ledger, worker } = this;
    const secrets = Object.fromEntries(
      Object.entries(webhooks).map(([name, source]) => [
        name,
        new Secret(this, `Webhook-${name}`, {
          source,
          description: `Signing secret of the webhooks of ${name} for ${deployment.service}`,
          rotation: "It is shared with the sender: both sides are changed by hand, with two values at once meanwhile.",
          encryptionKey,
        }),
      ]),
    );
    if (Object.keys(secrets).length === 0) return undefined;
    return new Webhook(this, "Webhook", { ...deployment, ledger, worker, secrets, concurrency });
  }

  #addTriggers(policy: Policy, deadLetters: DeadLetters["queue"], props: CutoverProps): void {
    const { start } = this;
    const { schedules = [], events, github, testEvents = "none" } = props;
    const pipelines = Object.keys(policy.pipelines ?? {});
    if (schedules.length > 0) new Schedules(this, "Schedules", { schedules, policy, start, deadLetters });
    if (events !== undefined || pipelines.length > 0)
      new EventTriggers(this, "Events", { start, deadLetters, events, pipelines });
    if (github !== undefined) new GitHubAccess(this, "GitHub", { start, ...github });
    if (testEvents !== "none") new TestEvents(this, "TestEvents", { start, registry: testEvents });
  }

  #addObservation(service: string, deadLetters: DeadLetters["queue"], props: CutoverProps): void {
    const { worker, start, webhook } = this;
    const metrics = new CutoverMetrics(this, "Metrics", { service, worker, start, webhook, deadLetters });
    const { alarmTopic: topic, stuckAfter = Duration.hours(24) } = props;
    const { alarms } = new Alarms(this, "Alarms", { service, metrics, topic, stuckAfter });
    new Overview(this, "Overview", { service, worker, metrics, alarms });
  }
}

function checkPolicy({ policy: input, webhooks = {}, ...others }: CutoverProps): Policy {
  const policy = parsePolicy(input);
  const { service, login, schedules, events, github } = others;
  const problems = [
    ...findSecretValues(input),
    ...findSecretValues({ service, login, webhooks, schedules, events, github }),
    ...findSourceProblems(policy, webhooks),
    ...findSharedName(login, webhooks),
  ];
  if (problems.length > 0) throw new BadConfigError(`the deployment was refused:\n${formatProblems(problems)}`);
  return policy;
}

/** Two that are created under one name would fail in the middle of the deploy. */
function findSharedName(
  login: SecretSource | undefined,
  webhooks: Readonly<Record<string, SecretSource>>,
): readonly Problem[] {
  const taken = new Set([login].flatMap((source) => (source && "create" in source ? [source.create] : [])));
  return Object.entries(webhooks).flatMap(([name, source]) => {
    if (!("create" in source)) return [];
    const isShared = taken.has(source.create);
    taken.add(source.create);
    const message = "got the name of another secret that is created; expected a name of its own";
    return isShared ? [{ path: `webhooks.${name}.create`, message }] : [];
  });
}
