/** The scenarios of `npm start`. */
const SCENARIOS = ["rollback", "crash"] as const;
export type Scenario = (typeof SCENARIOS)[number];

export const SCENARIO_NAMES = SCENARIOS.join(", ");

export function isScenario(text: string): text is Scenario {
  return (SCENARIOS as readonly string[]).includes(text);
}

/** The alarm that a scenario's policy names. */
export const ALARM = "calls-that-fail";
