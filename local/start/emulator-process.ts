import { once } from "node:events";
import { createInterface } from "node:readline";
import { type Child, startChild } from "./child.ts";
import type { StartOptions } from "./command-line.ts";
import { LocalRunError } from "./local-run-error.ts";
import type { CustomerState } from "./oracle.ts";

/** An emulator in a process of its own. */
export interface EmulatorProcess {
  readonly address: string;
  readonly userName: string;
  readonly password: string;
  /** The main account. A second account has a few customers. */
  readonly accountId: string;
  readonly crash: Child["crash"];
  /** Every customer of both accounts. */
  readCustomers(): AsyncGenerator<CustomerState>;
}

/** Starts an emulator and waits until it is ready. */
export async function startEmulatorProcess(
  { customers, seed, faults }: Pick<StartOptions, "customers" | "seed" | "faults">,
  stack: AsyncDisposableStack,
): Promise<EmulatorProcess> {
  const child = startChild({
    what: "the emulator",
    script: new URL("../run-emulator.ts", import.meta.url),
    args: ["--json", "--customers", String(customers), "--seed", String(seed), "--faults", faults],
  });
  stack.defer(() => child.stop());
  const line = await Promise.race([readFirstLine(child), child.crash]);
  const { address, userName, password } = JSON.parse(line) as Record<"address" | "userName" | "password", string>;
  const response = await fetch(`${address}/emulator/accounts`);
  const { accountId } = (await response.json()) as { readonly accountId: string };
  return { address, userName, password, accountId, crash: child.crash, readCustomers: () => readCustomers(address) };
}

async function readFirstLine({ process: { stdout } }: Child): Promise<string> {
  if (stdout === null) return "";
  const lines = createInterface({ input: stdout });
  const [line] = (await once(lines, "line")) as [string];
  return line;
}

async function* readCustomers(address: string): AsyncGenerator<CustomerState> {
  const response = await fetch(`${address}/emulator/customers`).catch((cause: unknown) => {
    throw new LocalRunError("the emulator no longer answers", { cause });
  });
  if (response.body === null) return;
  let rest = "";
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = `${rest}${piece}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line) as CustomerState;
  }
}
