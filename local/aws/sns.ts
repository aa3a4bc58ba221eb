import { randomUUID } from "node:crypto";
import { createFailures, listenOnLoopback, readBody } from "./loopback.ts";

export type SentMessage = {
  readonly topicArn: string;
  readonly subject?: string;
  readonly message: string;
  /** Texts by name. */
  readonly attributes: Readonly<Record<string, string>>;
};

export type Sns = {
  readonly address: string;
  /** The accepted messages, in order. */
  messages(): readonly SentMessage[];
  /** The number of calls, refused ones included. */
  calls(): number;
  /** The next `times` calls are refused with this error code. */
  failNext(times: number, code: string): void;
  close(): Promise<void>;
};

/** SNS's limits: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
const SUBJECT = /^[\x21-\x7e][\x20-\x7e]{0,99}$/;
const MOST_BYTES = 262_144;
const TOPIC = /^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w.-]+$/;

/** The part of Amazon SNS that takes messages, on loopback, for the real SDK client: query protocol, XML answers. */
export async function startSns(): Promise<Sns> {
  const messages: SentMessage[] = [];
  let calls = 0;
  const failures = createFailures();

  const server = await listenOnLoopback(async (request, response) => {
    calls += 1;
    const form = new URLSearchParams(await readBody(request));
    const message = toMessage(form);
    const refusal = failures.take() ?? (form.get("Action") === "Publish" ? findProblem(message) : "InvalidAction");
    const headers = { "content-type": "text/xml", "x-amzn-requestid": randomUUID() };
    if (refusal !== undefined) {
      response.writeHead(statusOf(refusal), headers).end(toError(refusal));
      return;
    }
    messages.push(message);
    response.writeHead(200, headers).end(toAnswer(randomUUID()));
  });

  return {
    address: server.address,
    messages: () => [...messages],
    calls: () => calls,
    failNext: failures.failNext,
    close: server.close,
  };
}

function findProblem({ topicArn, subject, message }: SentMessage): string | undefined {
  if (!TOPIC.test(topicArn)) return "InvalidParameter";
  if (subject !== undefined && !SUBJECT.test(subject)) return "InvalidParameter";
  return message === "" || Buffer.byteLength(message) > MOST_BYTES ? "InvalidParameter" : undefined;
}

function toMessage(form: URLSearchParams): SentMessage {
  const subject = form.get("Subject");
  const attributes: Record<string, string> = {};
  for (let index = 1; form.has(`MessageAttributes.entry.${index}.Name`); index += 1) {
    const at = `MessageAttributes.entry.${index}`;
    attributes[form.get(`${at}.Name`) ?? ""] = form.get(`${at}.Value.StringValue`) ?? "";
  }
  return {
    topicArn: form.get("TopicArn") ?? "",
    ...(subject !== null && { subject }),
    message: form.get("Message") ?? "",
    attributes,
  };
}

function statusOf(code: string): number {
  if (code.startsWith("Internal")) return 500;
  return code === "AuthorizationError" ? 403 : 400;
}

function toAnswer(id: string): string {
  return `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>${id}</MessageId></PublishResult><ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></PublishResponse>`;
}

function toError(code: string): string {
  return `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>${code}</Code><Message>refused: ${code}</Message></Error><RequestId>${randomUUID()}</RequestId></ErrorResponse>`;
}
