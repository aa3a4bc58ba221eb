import type { ServerResponse } from "node:http";
import { createFailures, listenOnLoopback, readBody, sendJson } from "./loopback.ts";

/** CloudWatch's names for the types of alarms. */
const TYPES = { metric: "MetricAlarm", composite: "CompositeAlarm", log: "LogAlarm" } as const;

type AlarmState = "OK" | "ALARM" | "INSUFFICIENT_DATA";

/** The state of an alarm; a `missing` alarm does not exist in CloudWatch. */
export type Alarm = {
  readonly state: AlarmState | "missing";
  /** @default "metric" */
  readonly kind?: keyof typeof TYPES;
  readonly reason?: string;
};

/** When an alarm changes. */
export type When =
  /** At the n-th call that names this alarm, from 1. */
  | { readonly atCall: number }
  /** After this time. */
  | { readonly afterMs: number };

export type CloudWatch = {
  readonly address: string;
  setAlarm(name: string, alarm: Alarm): void;
  /** Changes an alarm later. */
  changeLater(name: string, when: When, alarm: Alarm): void;
  /** Refuses every call until `allow`, as for a role without the permission. */
  deny(): void;
  allow(): void;
  /** Refuses this many calls as `deny` does, from call number `atCall` on, counted from 1. */
  denyLater(atCall: number, times: number): void;
  /** The next `times` calls are refused with this error code. */
  failNext(times: number, code: string): void;
  /** The alarm names in each call, in order. */
  calls(): readonly (readonly string[])[];
  close(): Promise<void>;
};

type StateUpdate = { readonly name: string; readonly atMs: number; readonly from: string; readonly to: string };

type DescribeAlarmHistory = {
  readonly AlarmName?: string;
  readonly AlarmTypes?: readonly string[];
  readonly StartDate?: number;
  readonly MaxRecords?: number;
  readonly NextToken?: string;
};

type DescribeAlarms = {
  readonly AlarmNames?: readonly string[];
  readonly AlarmTypes?: readonly string[];
  readonly MaxRecords?: number;
  readonly NextToken?: string;
};

type PlannedChange = { readonly name: string; readonly alarm: Alarm; readonly isDue: (calls: number) => boolean };

const SERVICE = "GraniteServiceVersion20100801.";
const HISTORY = `${SERVICE}DescribeAlarmHistory`;
const ACTIONS = [`${SERVICE}DescribeAlarms`, HISTORY];
/** CloudWatch's limit. */
const MOST = 100;

const FAULTS = new Set(["InternalServiceError", "InternalFailure", "ServiceUnavailable"]);

/**
 * The part of Amazon CloudWatch that describes alarms and the changes of their states, on loopback, for the real SDK client: AWS JSON 1.0, with the
 * errors of the query protocol. `pageSize` makes pages smaller than requested.
 */
export async function startCloudWatch(
  given: { readonly alarms?: Readonly<Record<string, Alarm>>; readonly pageSize?: number } = {},
): Promise<CloudWatch> {
  const alarms = new Map(Object.entries(given.alarms ?? {}));
  const callsByName = new Map<string, number>();
  const history: StateUpdate[] = [];
  const calls: (readonly string[])[] = [];
  let changes: readonly PlannedChange[] = [];
  let denied = false;
  let deniedLater = { atCall: 0, times: 0 };
  const failures = createFailures();

  function findRefusal(
    action: string,
    { AlarmNames: names = [], AlarmTypes: types = [] }: DescribeAlarms,
  ): string | undefined {
    if (!ACTIONS.includes(action)) return "UnknownOperationException";
    const ordered = failures.take();
    if (ordered !== undefined) return ordered;
    const { atCall, times } = deniedLater;
    if (denied || (calls.length >= atCall && calls.length < atCall + times)) return "AccessDenied";
    return names.length > MOST || !types.every(isType) ? "ValidationError" : undefined;
  }

  function setAlarm(name: string, alarm: Alarm): void {
    const from = alarms.get(name)?.state ?? alarm.state;
    if (from !== alarm.state) history.push({ name, atMs: Date.now(), from, to: alarm.state });
    alarms.set(name, alarm);
  }

  function passTime(names: readonly string[]): void {
    for (const name of names) callsByName.set(name, (callsByName.get(name) ?? 0) + 1);
    const due = changes.filter(({ name, isDue }) => isDue(callsByName.get(name) ?? 0));
    for (const { name, alarm } of due) setAlarm(name, alarm);
    changes = changes.filter((change) => !due.includes(change));
  }

  const server = await listenOnLoopback(async (request, response) => {
    const action = String(request.headers["x-amz-target"]);
    const asked = JSON.parse(await readBody(request)) as DescribeAlarms;
    if (action !== HISTORY) calls.push(asked.AlarmNames ?? []);
    const refusal = findRefusal(action, asked);
    if (refusal !== undefined) return refuse(response, refusal);
    if (action === HISTORY) return sendJson(response, 200, toHistory(alarms, history, asked), { version: "1.0" });
    passTime(asked.AlarmNames ?? []);
    const page = toPage({ alarms, history }, asked, Math.min(given.pageSize ?? MOST, asked.MaxRecords ?? 50));
    sendJson(response, 200, page, { version: "1.0" });
  });

  return {
    address: server.address,
    setAlarm,
    changeLater: (name, when, alarm) => {
      const dueAtMs = "afterMs" in when ? Date.now() + when.afterMs : 0;
      const isDue = (called: number) => ("atCall" in when ? called >= when.atCall : Date.now() >= dueAtMs);
      changes = [...changes, { name, alarm, isDue }];
    },
    deny: () => {
      denied = true;
    },
    allow: () => {
      denied = false;
    },
    denyLater: (atCall, times) => {
      deniedLater = { atCall, times };
    },
    failNext: failures.failNext,
    calls: () => [...calls],
    close: server.close,
  };
}

type Kept = { readonly alarms: ReadonlyMap<string, Alarm>; readonly history: readonly StateUpdate[] };

/** The changes of one alarm's state, the newest first. Without types, CloudWatch gives only those of metric alarms. */
function toHistory(
  alarms: ReadonlyMap<string, Alarm>,
  history: readonly StateUpdate[],
  { AlarmName, AlarmTypes = ["MetricAlarm"], StartDate = 0, MaxRecords = 50, NextToken = "0" }: DescribeAlarmHistory,
): object {
  const items = history
    .filter(({ name, atMs }) => name === AlarmName && atMs >= StartDate * 1_000)
    .filter(({ name }) => AlarmTypes.includes(typeOf(alarms.get(name) ?? { state: "missing" })))
    .map(({ name, atMs, from, to }) => ({
      AlarmName: name,
      Timestamp: atMs / 1_000,
      HistoryItemType: "StateUpdate",
      HistorySummary: `Alarm updated from ${from} to ${to}`,
      HistoryData: JSON.stringify({ version: "1.0", oldState: { stateValue: from }, newState: { stateValue: to } }),
    }))
    .reverse();
  const end = Number(NextToken) + MaxRecords;
  return {
    AlarmHistoryItems: items.slice(Number(NextToken), end),
    ...(end < items.length && { NextToken: String(end) }),
  };
}

/** The requested alarms. Without types, CloudWatch gives only metric alarms. */
function toPage({ alarms, history }: Kept, asked: DescribeAlarms, size: number): object {
  const { AlarmNames: names, AlarmTypes: types = ["MetricAlarm"], NextToken: token = "0" } = asked;
  const found = [...alarms]
    .filter(([name, { state }]) => state !== "missing" && (names === undefined || names.includes(name)))
    .filter(([, alarm]) => types.includes(typeOf(alarm)))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const from = Number(token);
  const page = found.slice(from, from + size);
  const ofType = (type: string) =>
    page.filter(([, alarm]) => typeOf(alarm) === type).map((each) => toWire(each, history));
  return {
    ...Object.fromEntries(Object.values(TYPES).map((type) => [`${type}s`, ofType(type)])),
    ...(from + size < found.length && { NextToken: String(from + size) }),
  };
}

function isType(type: string): boolean {
  return Object.values<string>(TYPES).includes(type);
}

function typeOf({ kind = "metric" }: Alarm): string {
  return TYPES[kind];
}

function toWire(
  [name, { state, reason = `it is ${state}` }]: readonly [string, Alarm],
  history: readonly StateUpdate[],
): object {
  const changedAtMs = history.findLast((update) => update.name === name)?.atMs ?? 0;
  return {
    AlarmName: name,
    AlarmArn: `arn:aws:cloudwatch:us-east-1:000000000000:alarm:${name}`,
    StateValue: state,
    StateReason: reason,
    StateTransitionedTimestamp: changedAtMs / 1_000,
  };
}

function refuse(response: ServerResponse, code: string): void {
  const isFault = FAULTS.has(code);
  const status = code === "AccessDenied" ? 403 : 400;
  const body = { __type: `com.amazonaws.cloudwatch#${code}`, message: `refused: ${code}` };
  const error = { "x-amzn-query-error": `${code};${isFault ? "Receiver" : "Sender"}` };
  sendJson(response, isFault ? 500 : status, body, { version: "1.0", ...error });
}
