import { SIGNATURES } from "./check-signature.ts";
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

async function isSigned(ports: WebhookPorts, named: NamedSource, request: WebhookRequest): Promise<boolean> {
  const { findFault, isRight } = SIGNATURES[named.source.kind];
  const secrets = await ports.readSecrets(named.name);
  const usable = secrets.filter((secret) => findFault(secret) === undefined);
  const checks = await Promise.all(usable.map((secret) => isRight(request, secret)));
  if (checks.includes(true)) return true;
  const [fault] = secrets.flatMap((secret) => findFault(secret) ?? []);
  if (fault !== undefined) throw unusable(named, fault);
  return false;
}

/** The sender is not at fault: it should repeat the delivery when the secret is corrected. */
function unusable({ name }: NamedSource, fault: string): Error {
  return new Error(
    `a signing secret of the source ${name} cannot be used: ${fault}; expected "whsec_" and the base64 of 24 to 64 random bytes; put another secret into Secrets Manager`,
  );
}
