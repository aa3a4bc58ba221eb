import { SIGNATURES, type SignatureCheck } from "./check-signature.ts";
import type { NamedSource } from "./map-delivery.ts";
import type { WebhookPorts } from "./ports.ts";
import type { WebhookRequest } from "./read-request.ts";
import { RefusedDeliveryError } from "./refused-delivery-error.ts";

/**
 * Finds the source that signed the request, before the payload is parsed. Every refusal is the same answer, so that a
 * stranger learns neither the names of sources nor the cause. The log has the cause.
 * @throws RefusedDeliveryError
 */
export async function authenticate(ports: WebhookPorts, request: WebhookRequest): Promise<NamedSource> {
  const { webhooks = {} } = ports.policy;
  const source = Object.hasOwn(webhooks, request.source) ? webhooks[request.source] : undefined;
  if (source === undefined) throw refuse("no such source");
  const named = { name: request.source, source };
  if (!SIGNATURES[source.kind].isSigned(request.header)) {
    ports.count("SignatureRefused");
    throw refuse("signature missing or malformed");
  }
  if (await isSigned(ports, named, request)) return named;
  ports.count("SignatureRefused");
  throw refuse("wrong signature, or a time that is not now");
}

function refuse(reason: string): RefusedDeliveryError {
  return new RefusedDeliveryError(
    "no source accepts this delivery; check the source's name in the URL, the secret on both sides, and the sender's clock",
    { status: 401, reason },
  );
}

/** Reads the secrets once more when no secret fits: the secret may have changed. */
async function isSigned(ports: WebhookPorts, named: NamedSource, request: WebhookRequest): Promise<boolean> {
  const { check } = SIGNATURES[named.source.kind];
  const checkAll = (secrets: readonly string[]): Promise<readonly SignatureCheck[]> =>
    Promise.all(secrets.map((secret) => check(request, secret)));
  const known = await ports.readSecrets(named.name);
  const checks = await checkAll(known);
  if (checks.includes("right")) return true;
  const secrets = (await ports.readSecretsAgain(named.name)).filter((secret) => !known.includes(secret));
  const again = await checkAll(secrets);
  if (again.includes("right")) return true;
  if ([...checks, ...again].includes("unusable")) throw unusable(named);
  return false;
}

/** The sender is not at fault: it should repeat the delivery when the secret is corrected. */
function unusable({ name }: NamedSource): Error {
  return new Error(
    `a signing secret of the source ${name} cannot be used; expected "whsec_" and base64: put another secret into Secrets Manager`,
  );
}
