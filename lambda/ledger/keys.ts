import type { Key } from "./table.ts";

/** The key of an item of a rollout. */
export function rolloutKey(rolloutId: string, sk: string): Key {
  return { pk: `rollout#${rolloutId}`, sk };
}

/** The key of an item of an environment. */
export function environmentKey(environment: string, sk: string): Key {
  return { pk: `environment#${environment}`, sk };
}

/** The lock and the controls of an environment are one item. */
export function controlsKey(environment: string): Key {
  return environmentKey(environment, "controls");
}

/** Sort keys are text: numbers of equal length sort as numbers. */
export function pad(index: number): string {
  return String(index).padStart(8, "0");
}
