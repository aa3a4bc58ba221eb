import { checkSignature, hasSignature, type SignatureCheck } from "./check-signature.ts";
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
  if (!hasSignature(source.kind, request)) {
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
  const known = await ports.readSecrets(named.name);
  const checks = await checkAll({ named, request, secrets: known });
  if (checks.includes("right")) return true;
  const secrets = (await ports.readSecretsAgain(named.name)).filter((secret) => !known.includes(secret));
  const again = await checkAll({ named, request, secrets });
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

interface Candidate {
  readonly named: NamedSource;
  readonly request: WebhookRequest;
  readonly secrets: readonly string[];
}

/** The check with each secret, until a secret fits. */
async function checkAll({ named, request, secrets }: Candidate): Promise<readonly SignatureCheck[]> {
  const checks: SignatureCheck[] = [];
  for (const secret of secrets) {
    const check = await checkSignature(named.source.kind, request, secret);
    checks.push(check);
    if (check === "right") break;
  }
  return checks;
}
