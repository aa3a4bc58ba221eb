import type { Ports } from "../ports.ts";

/** Between two looks. */
const PATROL_MS = 1_000;

export interface Patrol {
  /** Looks whether the work is to end. */
  isOver(): Promise<boolean>;
  end(): void;
}

/**
 * Does some work and looks after it meanwhile, about each second: also while all of it waits for its turn at Evo Voice,
 * which a server may put off for minutes.
 */
export async function patrol<Result>(
  { sleep }: Pick<Ports, "sleep">,
  { isOver, end }: Patrol,
  work: () => Promise<Result>,
): Promise<Result> {
  let isDone = false;
  const walk = async () => {
    for (await sleep(PATROL_MS); !isDone; await sleep(PATROL_MS)) {
      if (!(await isOver())) continue;
      if (!isDone) end();
      return;
    }
  };
  void walk();
  try {
    return await work();
  } finally {
    isDone = true;
  }
}
