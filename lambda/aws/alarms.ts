import { AlarmType, type CloudWatchClient, DescribeAlarmsCommand, type MetricAlarm } from "@aws-sdk/client-cloudwatch";
import type { AlarmReading, AlarmState } from "../core/gate/evaluate-gate.ts";

/** So many names CloudWatch takes in one call, and so many alarms it gives in one page. */
const MOST_NAMES = 100;
/** More pages than a call of so many names can have. */
const MOST_PAGES = 10;
/** For all calls of a reading together: it comes again each minute. */
const READING_MS = 30_000;

/** Of a name that CloudWatch has answered. */
type Answers = Map<string, AlarmReading>;

/**
 * Reads how alarms stand, of whatever type, in the order of the names; needs `cloudwatch:DescribeAlarms`.
 * Never throws for what CloudWatch can do: an alarm that it does not give is `missing`, and when it cannot be asked,
 * those that it has not given are `unreadable`, with the error's name.
 */
export function createAlarmReader(client: CloudWatchClient, readingMs = READING_MS) {
  return async (names: readonly string[]): Promise<readonly AlarmReading[]> => {
    const abortSignal = AbortSignal.timeout(readingMs);
    const asked = [...new Set(names)];
    const lists = Array.from({ length: Math.ceil(asked.length / MOST_NAMES) }, (_, index) =>
      asked.slice(index * MOST_NAMES, (index + 1) * MOST_NAMES),
    );
    const read = await Promise.all(lists.map((list) => readList(client, list, abortSignal)));
    return read.flat();
  };
}

/** What was given before an error counts: an alarm that is in ALARM is so whatever became of the rest. */
async function readList(
  client: CloudWatchClient,
  names: readonly string[],
  abortSignal: AbortSignal,
): Promise<readonly AlarmReading[]> {
  const answers: Answers = new Map();
  const problem = await collectAnswers(client, names, { answers, abortSignal }).catch(nameOf);
  return names.map((name) => {
    const absent: AlarmReading = problem === undefined ? { name, state: "missing" } : unreadable(name, problem);
    return answers.get(name) ?? absent;
  });
}

interface Collecting {
  readonly answers: Answers;
  readonly abortSignal: AbortSignal;
}

/** Page by page; gives what kept it from being all. Without types, CloudWatch gives metric alarms only. */
async function collectAnswers(
  client: CloudWatchClient,
  names: readonly string[],
  { answers, abortSignal }: Collecting,
): Promise<string | undefined> {
  let nextToken: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const command = new DescribeAlarmsCommand({
      AlarmNames: [...names],
      AlarmTypes: Object.values(AlarmType),
      MaxRecords: MOST_NAMES,
      NextToken: nextToken,
    });
    const {
      MetricAlarms = [],
      CompositeAlarms = [],
      LogAlarms = [],
      NextToken,
    } = await client.send(command, {
      abortSignal,
    });
    for (const alarm of [...MetricAlarms, ...CompositeAlarms, ...LogAlarms]) {
      if (alarm.AlarmName !== undefined) answers.set(alarm.AlarmName, toReading(alarm.AlarmName, alarm));
    }
    if (!NextToken) return undefined;
    nextToken = NextToken;
  }
  return `more than ${MOST_PAGES} pages`;
}

const STATES: readonly AlarmState[] = ["OK", "ALARM", "INSUFFICIENT_DATA"];

/** A state that this version does not know is none that passes. */
function toReading(name: string, alarm: Pick<MetricAlarm, "StateValue" | "StateReason">): AlarmReading {
  const state = STATES.find((known) => known === alarm.StateValue);
  return state === undefined
    ? unreadable(name, `its state is ${alarm.StateValue ?? "not told"}`)
    : { name, state, reason: alarm.StateReason };
}

function unreadable(name: string, reason: string): AlarmReading {
  return { name, state: "unreadable", reason };
}

/** An error's message may hold the role and the account. */
function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "unknown";
}
