import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";

/**
 * Allows a role or a user what it asks for. What has no policy of its own, such as
 * a service or another account, would silently get nothing.
 * @throws Error when there is nothing to add the permission to
 */
export function grantTo(
  grantee: IGrantable,
  options: Omit<Parameters<typeof Grant.addToPrincipal>[0], "grantee">,
): Grant {
  const grant = Grant.addToPrincipal({ grantee, ...options });
  if (grant.success) return grant;
  const { actions } = options;
  throw new Error(
    `${actions.join(", ")} cannot be granted to ${grantee.grantPrincipal}: it has no policy of its own; grant it to a role of this account, and let that be assumed`,
  );
}
