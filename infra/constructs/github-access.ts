import { CfnOutput, Duration, RemovalPolicy } from "aws-cdk-lib";
import { OidcProviderNative, Role, WebIdentityPrincipal } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import type { Start } from "./front-door.ts";

/** Which jobs of GitHub Actions may start a rollout, without a long-lived key. */
export interface GitHubAccessProps {
  /**
   * `owner/name`, or with both ids `owner@123456/name@456789`, whichever its tokens say: GitHub puts the ids in for
   * repositories made, renamed or transferred since 15 July 2026, and for others that asked for it.
   */
  readonly repository: string;
  /** Jobs of this branch, or jobs of this GitHub environment (whose reviewers then decide). */
  readonly from: { readonly branch: string } | { readonly environment: string };
  /**
   * The ARN of the account's identity provider for GitHub. An account can have only one.
   * @default - it is created
   */
  readonly providerArn?: string | undefined;
}

const ISSUER = "token.actions.githubusercontent.com";

/** A role for GitHub Actions that can call the front door and nothing else. */
export class GitHubAccess extends Construct {
  readonly role: Role;

  constructor(scope: Construct, id: string, { start, ...props }: GitHubAccessProps & { readonly start: Start }) {
    super(scope, id);
    const providerArn = props.providerArn ?? this.#makeProvider().openIdConnectProviderArn;
    this.role = new Role(this, "Role", {
      description: `Cutover: started by GitHub Actions of ${props.repository}`,
      maxSessionDuration: Duration.hours(1),
      assumedBy: new WebIdentityPrincipal(providerArn, {
        StringEquals: { [`${ISSUER}:aud`]: "sts.amazonaws.com", [`${ISSUER}:sub`]: toSubject(props) },
      }),
    });
    start.grantInvoke(this.role);
    new CfnOutput(this, "RoleArn", { value: this.role.roleArn, description: "role-to-assume in GitHub Actions" });
  }

  #makeProvider(): OidcProviderNative {
    return new OidcProviderNative(this, "Provider", {
      url: `https://${ISSUER}`,
      clientIds: ["sts.amazonaws.com"],
      // Others in the account may use it by the time that this one goes.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
  }
}

/** https://docs.github.com/en/actions/reference/security/oidc#immutable-subject-claims */
function toSubject({ repository, from }: GitHubAccessProps): string {
  return "branch" in from
    ? `repo:${repository}:ref:refs/heads/${from.branch}`
    : `repo:${repository}:environment:${from.environment}`;
}
