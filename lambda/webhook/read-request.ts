import { RefusedDeliveryError } from "./refused-delivery-error.ts";

/** The members of a Function URL's request (format 2.0) that Cutover reads. */
export interface FunctionUrlRequest {
  readonly rawPath?: string | undefined;
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
  readonly body?: string | undefined;
  readonly isBase64Encoded?: boolean | undefined;
  readonly requestContext?: { readonly http?: { readonly method?: string | undefined } | undefined } | undefined;
}

/** A well-formed request. Its sender is not verified yet. */
export interface WebhookRequest {
  /** The name in the path; it may belong to no source. */
  readonly source: string;
  /** The exact text that was signed. */
  readonly body: string;
  /** A header's value by its name in lower case; empty when the header is missing. */
  header(name: string): string;
}

const MOST_BYTES = 1_000_000;
const JSON_TYPE = /^application\/(?:[\w.-]{1,100}\+)?json[ \t]*(?:;|$)/i;

/** Checks method, path, size, type and encoding. @throws RefusedDeliveryError */
export function readRequest(request: FunctionUrlRequest): WebhookRequest {
  const { rawPath = "/", headers = {} } = request;
  if (request.requestContext?.http?.method !== "POST")
    throw new RefusedDeliveryError("expected a POST", { status: 405 });
  const [, source] = /^\/([\w-]{1,64})\/?$/.exec(rawPath) ?? [];
  if (source === undefined) {
    throw new RefusedDeliveryError("expected a path of one name, that of a webhook source, such as /github", {
      status: 404,
    });
  }
  const values = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value ?? ""]));
  const header = (name: string) => values.get(name) ?? "";
  const bytes = Buffer.from(request.body ?? "", request.isBase64Encoded ? "base64" : "utf8");
  if (bytes.length > MOST_BYTES) {
    throw new RefusedDeliveryError(`expected at most ${MOST_BYTES} bytes`, { status: 413 });
  }
  if (!JSON_TYPE.test(header("content-type"))) {
    throw new RefusedDeliveryError("expected JSON with the content type application/json", { status: 415 });
  }
  return { source, body: readText(bytes), header };
}

/** The libraries sign text and replace bytes that are not UTF-8, so such a body is refused. */
function readText(bytes: Buffer): string {
  if (bytes.length === 0) throw new RefusedDeliveryError("expected a body", { status: 400 });
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new RefusedDeliveryError("expected a body in UTF-8", { status: 400, cause });
  }
}
