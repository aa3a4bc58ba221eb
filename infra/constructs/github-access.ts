import { CfnOutput, Duration, RemovalPolicy } from "aws-cdk-lib";
import { type IOidcProvider, OidcProviderNative, Role, WebIdentityPrincipal } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import * as z from "zod";
import { strictObject } from "../../lambda/contract/problems.ts";
import type { Cutover } from "./cutover.ts";

const REPOSITORY = 'expected "owner/name", or with both ids "owner@123456/name@456789"';
const oneOf = (what: string) => {
  const expected = `expected one ${what}, without wildcards`;
  return z.string({ error: expected }).regex(/^[^\s*?]+$/, expected);
};

const FROM = "expected { branch } or { environment }, or a list of them";
const From = z.union([strictObject({ branch: oneOf("branch") }), strictObject({ environment: oneOf("environment") })], {
  error: FROM,
});

/** The GitHub Actions jobs that may start a rollout, without a long-lived key. */
export const GitHubJobs = strictObject({
  /**
   * `owner/name`, or with both ids `owner@123456/name@456789`, as in the repository's tokens. GitHub puts the ids into the
   * tokens of repositories that were created, renamed or transferred since 15 July 2026, and of others on request.
   */
  repository: z.string({ error: REPOSITORY }).regex(/^[\w.-]+(?:\/[\w.-]+|@\d+\/[\w.-]+@\d+)$/, REPOSITORY),
  /** Jobs of this branch, or jobs of this GitHub environment, where reviewers can decide; or of any of a list. */
  from: z.union([From, z.array(From).min(1, FROM)], { error: FROM }),
});
type GitHubJobs = z.input<typeof GitHubJobs>;

export interface GitHubAccessProps extends GitHubJobs {
  readonly cutover: Cutover;
  /** The account's identity provider for GitHub. An account can have only one. @default - a new provider */
  readonly provider?: IOidcProvider | undefined;
}

const ISSUER = "token.actions.githubusercontent.com";

/** A role for GitHub Actions that can only start rollouts and read. */
export class GitHubAccess extends Construct {
  readonly role: Role;

  constructor(scope: Construct, id: string, { cutover, provider, ...jobs }: GitHubAccessProps) {
    super(scope, id);
    const { oidcProviderArn } = provider ?? this.#makeProvider();
    this.role = new Role(this, "Role", {
      description: `Cutover: started by GitHub Actions of ${jobs.repository}`,
      // The most that AWS allows; action.yml asks for the time that its job waits.
      maxSessionDuration: Duration.hours(12),
      assumedBy: new WebIdentityPrincipal(oidcProviderArn, {
        StringEquals: { [`${ISSUER}:aud`]: "sts.amazonaws.com", [`${ISSUER}:sub`]: toSubjects(jobs) },
      }),
    });
    cutover.grantStart(this.role);
    cutover.grantRead(this.role);
    new CfnOutput(this, "RoleArn", { value: this.role.roleArn, description: "role-to-assume in GitHub Actions" });
  }

  #makeProvider(): OidcProviderNative {
    return new OidcProviderNative(this, "Provider", {
      url: `https://${ISSUER}`,
      clientIds: ["sts.amazonaws.com"],
      // Other roles of the account may use the provider when this stack is removed.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
  }
}

/** https://docs.github.com/en/actions/reference/security/oidc#immutable-subject-claims */
function toSubjects({ repository, from }: GitHubJobs): readonly string[] {
  return [from]
    .flat()
    .map((one) =>
      "branch" in one
        ? `repo:${repository}:ref:refs/heads/${one.branch}`
        : `repo:${repository}:environment:${one.environment}`,
    );
}
