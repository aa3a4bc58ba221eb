import type { Ports } from "./ports.ts";

/** Between two checks. */
const CHECK_MS = 1_000;

/** Does the work and checks each second whether it must end, also while the server delays each request. */
export async function runChecked<Result>(
  { sleep }: Pick<Ports, "sleep">,
  { isOver, end }: { isOver(): Promise<boolean>; end(): void },
  work: () => Promise<Result>,
): Promise<Result> {
  let isDone = false;
  const check = async () => {
    for (await sleep(CHECK_MS); !isDone; await sleep(CHECK_MS)) {
      if (!(await isOver())) continue;
      if (!isDone) end();
      return;
    }
  };
  void check();
  try {
    return await work();
  } finally {
    isDone = true;
  }
}
