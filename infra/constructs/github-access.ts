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
const One = z.union([strictObject({ branch: oneOf("branch") }), strictObject({ environment: oneOf("environment") })], {
  error: FROM,
});
const From = z.union([One, z.array(One).min(1, FROM)], { error: FROM });

/** The GitHub Actions jobs that may start a rollout, without a long-lived key. */
export const GitHubJobs = strictObject({
  /**
   * `owner/name`, or with both ids `owner@123456/name@456789`, as in the repository's tokens. GitHub puts the ids into the
   * tokens of repositories that were created, renamed or transferred since 15 July 2026, and of others on request.
   */
  repository: z.string({ error: REPOSITORY }).regex(/^[\w.-]+(?:\/[\w.-]+|@\d+\/[\w.-]+@\d+)$/, REPOSITORY),
  /** Jobs of this branch, or jobs of this GitHub environment, where reviewers can decide; or of any of a list. */
  from: From,
  /** Jobs that may only read and plan, with a role of their own. @default - only the role of `from` */
  planFrom: From.optional(),
});
type GitHubJobs = z.input<typeof GitHubJobs>;

export interface GitHubAccessProps extends GitHubJobs {
  readonly cutover: Cutover;
  /** The account's identity provider for GitHub. An account can have only one. @default - a new provider */
  readonly provider?: IOidcProvider | undefined;
}

const ISSUER = "token.actions.githubusercontent.com";

/** A role for GitHub Actions that can only start rollouts and read, and on request a role that can only read and plan. */
export class GitHubAccess extends Construct {
  readonly role: Role;

  constructor(scope: Construct, id: string, { cutover, provider, repository, from, planFrom }: GitHubAccessProps) {
    super(scope, id);
    const { oidcProviderArn } = provider ?? this.#makeProvider();
    this.role = this.#makeRole("Role", oidcProviderArn, toSubjects(repository, from));
    const roles = [this.role];
    new CfnOutput(this, "RoleArn", { value: this.role.roleArn, description: "role-to-assume in GitHub Actions" });
    if (planFrom !== undefined) {
      const planner = this.#makeRole("PlanRole", oidcProviderArn, toSubjects(repository, planFrom));
      const description = "role-to-assume in the job of GitHub Actions that plans";
      new CfnOutput(this, "PlanRoleArn", { value: planner.roleArn, description });
      roles.push(planner);
    }
    cutover.grantStart(this.role);
    for (const role of roles) cutover.grantRead(role);
  }

  #makeRole(id: string, oidcProviderArn: string, subjects: readonly string[]): Role {
    return new Role(this, id, {
      description: "Cutover: for jobs of GitHub Actions",
      // The most that AWS allows; action.yml asks for the time that its job waits.
      maxSessionDuration: Duration.hours(12),
      assumedBy: new WebIdentityPrincipal(oidcProviderArn, {
        StringEquals: { [`${ISSUER}:aud`]: "sts.amazonaws.com", [`${ISSUER}:sub`]: subjects },
      }),
    });
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
function toSubjects(repository: string, from: GitHubJobs["from"]): readonly string[] {
  return [from]
    .flat()
    .map((one) =>
      "branch" in one
        ? `repo:${repository}:ref:refs/heads/${one.branch}`
        : `repo:${repository}:environment:${one.environment}`,
    );
}
