import { randomUUID } from "node:crypto";
import { type Answer, readBody } from "./loopback.ts";

export type Stack = { readonly name: string; readonly outputs: Readonly<Record<string, string>> };

/**
 * The part of AWS CloudFormation that describes stacks, and the part of AWS STS that tells who asks and gives a role to the
 * holder of a token, for the real SDK clients: query protocol, XML answers.
 */
export function answerQueries(stacks: readonly Stack[]): Answer {
  return async (request, response) => {
    const form = new URLSearchParams(await readBody(request));
    const answer = STS.get(form.get("Action"));
    if (answer !== undefined) {
      response.writeHead(200, { "content-type": "text/xml", "x-amzn-requestid": randomUUID() }).end(answer(form));
      return;
    }
    const name = form.get("StackName");
    const found = stacks.filter((stack) => name === null || stack.name === name);
    const isKnown = form.get("Action") === "DescribeStacks" && (found.length > 0 || name === null);
    response.writeHead(isKnown ? 200 : 400, { "content-type": "text/xml", "x-amzn-requestid": randomUUID() });
    response.end(isKnown ? toXml(found) : refuse(`Stack with id ${name} does not exist`));
  };
}

const STS: ReadonlyMap<string | null, (form: URLSearchParams) => string> = new Map([
  ["GetCallerIdentity", () => IDENTITY],
  ["AssumeRoleWithWebIdentity", toRole],
]);

const IDENTITY =
  "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::000000000000:user/sandbox</Arn><UserId>sandbox</UserId><Account>000000000000</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";

/** Its session token says what it was given for. */
function toRole(form: URLSearchParams): string {
  const names = ["RoleArn", "RoleSessionName", "WebIdentityToken"];
  const token = escapeXml(names.map((name) => form.get(name)).join(" "));
  const until = new Date(Date.now() + 3_600_000).toISOString();
  return `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>role</SecretAccessKey><SessionToken>${token}</SessionToken><Expiration>${until}</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`;
}

function toXml(stacks: readonly Stack[]): string {
  const members = stacks.map(({ name, outputs }) => {
    const pairs = Object.entries(outputs).map(
      ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${escapeXml(value)}</OutputValue></member>`,
    );
    const id = `arn:aws:cloudformation:us-east-1:000000000000:stack/${name}/${name}`;
    return `<member><StackName>${name}</StackName><StackId>${id}</StackId><StackStatus>CREATE_COMPLETE</StackStatus><CreationTime>2026-01-01T00:00:00Z</CreationTime><Outputs>${pairs.join("")}</Outputs></member>`;
  });
  return `<DescribeStacksResponse><DescribeStacksResult><Stacks>${members.join("")}</Stacks></DescribeStacksResult></DescribeStacksResponse>`;
}

function refuse(message: string): string {
  return `<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>${escapeXml(message)}</Message></Error></ErrorResponse>`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
