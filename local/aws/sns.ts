import { randomUUID } from "node:crypto";
import { listenOnLoopback, readBody } from "./loopback.ts";

/** A message as it was sent. */
export type SentMessage = {
  readonly topicArn: string;
  readonly subject?: string;
  readonly message: string;
  /** By their names, as texts. */
  readonly attributes: Readonly<Record<string, string>>;
};

export type Sns = {
  readonly address: string;
  /** Every message that was taken, in order. */
  messages(): readonly SentMessage[];
  /** How often it was asked, whatever came of it. */
  calls(): number;
  /** The next `times` calls are refused with this error code. */
  failNext(times: number, code: string): void;
  close(): Promise<void>;
};

/** SNS's own bounds: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
const SUBJECT = /^[\x21-\x7e][\x20-\x7e]{0,99}$/;
const MOST_BYTES = 262_144;
const TOPIC = /^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w.-]+$/;

/** The part of Amazon SNS that takes messages, on loopback, for the real SDK client: the query protocol, answers in XML. */
export async function startSns(): Promise<Sns> {
  const messages: SentMessage[] = [];
  let calls = 0;
  let failure = { times: 0, code: "" };

  function findRefusal(form: URLSearchParams, message: SentMessage): string | undefined {
    if (failure.times > 0) {
      failure = { ...failure, times: failure.times - 1 };
      return failure.code;
    }
    return form.get("Action") === "Publish" ? findProblem(message) : "InvalidAction";
  }

  const server = await listenOnLoopback(async (request, response) => {
    calls += 1;
    const form = new URLSearchParams(await readBody(request));
    const message = toMessage(form);
    const refusal = findRefusal(form, message);
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
    failNext: (times, code) => {
      failure = { times, code };
    },
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
