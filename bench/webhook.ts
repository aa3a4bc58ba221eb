import { createHmac } from "node:crypto";
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { verify } from "@octokit/webhooks-methods";
import { Webhook } from "standardwebhooks";
import { parsePolicy } from "../lambda/config.ts";
import type { FunctionUrlRequest } from "../lambda/webhook/read-request.ts";
import { receiveDelivery } from "../lambda/webhook/receive-delivery.ts";
import { type Figures, median, printFigures, round } from "./support/figures.ts";

const { values } = parseArgs({
  options: { deliveries: { type: "string", default: "5000" }, rounds: { type: "string", default: "9" } },
});
const deliveries = Number(values.deliveries);
const GITHUB_SECRET = "a signing secret of the benchmark";
const STANDARD_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/** As large as GitHub's documentation shows it: nine kilobytes, of which a mapping asks for a handful of texts. */
const githubBody = JSON.stringify(findExample("deployment_status"));
const standardBody = JSON.stringify({
  type: "deploy.finished",
  data: { environment: "staging", version: "2026.12.0" },
});

const policy = parsePolicy({
  baseUrl: "https://evovoice.io",
  accountIds: ["5f2b8c1e9d3a4b0012345678"],
  webhooks: {
    github: {
      kind: "github",
      mappings: [
        {
          event: "deployment_status",
          when: { repository: "Codertocat/Hello-World", state: "success" },
          start: { action: "promote", targets: { all: true }, release: { from: "ref" } },
        },
      ],
    },
    ci: {
      kind: "standard",
      mappings: [
        {
          type: "deploy.finished",
          start: { action: "stage", targets: { all: true }, release: { from: "data.version" } },
        },
      ],
    },
  },
});

/** Everything but AWS: the secrets are there, and a start costs nothing. */
const ports = {
  policy,
  readSecrets: async (source: string) => [source === "github" ? GITHUB_SECRET : STANDARD_SECRET],
  start: async () => ({ rolloutId: "benchmark", status: "starting" as const }),
  log: { info() {}, error() {} },
  count() {},
};

const github = signGitHub(githubBody);
const standard = signStandard(standardBody);
const wrong = { ...github, body: `${githubBody} ` };
const contenders = {
  "github handler": () => receive(github, 202),
  "github bare verify": () => verify(GITHUB_SECRET, githubBody, github.headers["x-hub-signature-256"]),
  "github wrong signature": () => receive(wrong, 401),
  "standard handler": () => receive(standard, 202),
  "standard bare verify": async () => new Webhook(STANDARD_SECRET).verify(standardBody, standard.headers),
};

/** In turn, so that each meets the same noise; the first round warms up and does not count. */
const rates = new Map<string, number[]>(Object.keys(contenders).map((name) => [name, []]));
for (let number = 0; number <= Number(values.rounds); number += 1) {
  for (const [name, once] of Object.entries(contenders)) {
    const cpu = process.cpuUsage();
    for (let sent = 0; sent < deliveries; sent += 1) await once();
    const { user, system } = process.cpuUsage(cpu);
    if (number > 0) rates.get(name)?.push(deliveries / ((user + system) / 1e6));
  }
}

printFigures({
  deliveries,
  "github body bytes": Buffer.byteLength(githubBody),
  "standard body bytes": Buffer.byteLength(standardBody),
  ...perCpuSecond(),
  "github handler/bare verify": ratio("github handler", "github bare verify"),
  "standard handler/bare verify": ratio("standard handler", "standard bare verify"),
});

async function receive(request: FunctionUrlRequest, expected: number): Promise<void> {
  const { statusCode } = await receiveDelivery(ports, request);
  if (statusCode !== expected) throw new Error(`expected ${expected}, got ${statusCode}`);
}

function perCpuSecond(): Figures {
  return Object.fromEntries([...rates].map(([name, all]) => [`${name}/CPU second`, round(median(all))]));
}

/** The median of the ratios within each round. */
function ratio(name: string, other: string): number {
  const others = rates.get(other) ?? [];
  return round(median((rates.get(name) ?? []).map((rate, index) => rate / others[index]!)), 2);
}

function signGitHub(body: string) {
  const headers = {
    "content-type": "application/json",
    "x-github-event": "deployment_status",
    "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
    "x-hub-signature-256": `sha256=${createHmac("sha256", GITHUB_SECRET).update(body).digest("hex")}`,
  };
  return { rawPath: "/github", body, headers, requestContext: { http: { method: "POST" } } };
}

function signStandard(body: string) {
  const now = new Date();
  const headers = {
    "content-type": "application/json",
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
    "webhook-signature": new Webhook(STANDARD_SECRET).sign("msg_p5jXN8AQM9LWM0D4loKWxJek", now, body),
  };
  return { rawPath: "/ci", body, headers, requestContext: { http: { method: "POST" } } };
}

function findExample(name: string): unknown {
  const require = createRequire(import.meta.url);
  const events = require("@octokit/webhooks-examples/api.github.com/index.json") as readonly {
    readonly name: string;
    readonly examples: readonly unknown[];
  }[];
  return events.find((event) => event.name === name)?.examples[0];
}
