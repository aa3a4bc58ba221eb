import { AlarmType, type CloudWatchClient, type MetricAlarm, paginateDescribeAlarms } from "@aws-sdk/client-cloudwatch";
import type { AlarmReading } from "../core/gate/evaluate-gate.ts";
import { chunk } from "../core/lookup/chunk.ts";
import type { AlarmState } from "../core/reason-types.ts";

/** The time limit of all calls of a reading. A gate reads the alarms once a minute. */
const READING_MS = 30_000;

/**
 * Reads the state of alarms of every type; needs `cloudwatch:DescribeAlarms`. It never throws for an error of CloudWatch:
 * an alarm that does not exist is `missing`, and an alarm that could not be read is `unreadable`, with the error's name.
 */
export function createAlarmReader(client: CloudWatchClient, readingMs = READING_MS) {
  return async (names: readonly string[]): Promise<readonly AlarmReading[]> => {
    const abortSignal = AbortSignal.timeout(readingMs);
    // One call takes a hundred names.
    const groups = chunk([...new Set(names)]).map((group) => readGroup(client, group, abortSignal));
    return (await Promise.all(groups)).flat();
  };
}

/** An alarm that was read before an error counts: an alarm in ALARM must stop the rollout. */
async function readGroup(
  client: CloudWatchClient,
  names: readonly string[],
  abortSignal: AbortSignal,
): Promise<readonly AlarmReading[]> {
  const readings = new Map<string, AlarmReading>();
  let problem: string | undefined;
  try {
    // Without types, CloudWatch gives metric alarms only.
    const asked = { AlarmNames: [...names], AlarmTypes: Object.values(AlarmType) };
    const pages = paginateDescribeAlarms({ client, pageSize: 100, stopOnSameToken: true }, asked, { abortSignal });
    for await (const { MetricAlarms = [], CompositeAlarms = [], LogAlarms = [] } of pages) {
      for (const alarm of [...MetricAlarms, ...CompositeAlarms, ...LogAlarms]) {
        if (alarm.AlarmName !== undefined) readings.set(alarm.AlarmName, toReading(alarm.AlarmName, alarm));
      }
    }
  } catch (error) {
    // An error's message may contain the role and the account.
    problem = error instanceof Error ? error.name : "unknown";
  }
  return names.map((name) => {
    const absent: AlarmReading = problem === undefined ? { name, state: "missing" } : unreadable(name, problem);
    return readings.get(name) ?? absent;
  });
}

const STATES: readonly AlarmState[] = ["OK", "ALARM", "INSUFFICIENT_DATA"];

/** An unknown state does not pass a gate. */
function toReading(name: string, alarm: Pick<MetricAlarm, "StateValue" | "StateReason">): AlarmReading {
  const state = STATES.find((known) => known === alarm.StateValue);
  return state === undefined
    ? unreadable(name, `its state is ${alarm.StateValue ?? "missing"}`)
    : { name, state, reason: alarm.StateReason };
}

function unreadable(name: string, reason: string): AlarmReading {
  return { name, state: "unreadable", reason };
}
