import { chaosFaults, choiceFaults, flagFaults, numberFaults, shareFaults } from "./fault-names.ts";

export interface FaultDescription {
  readonly usage: string;
  readonly about: string;
}

/** All faults with their values: the source of `--help` and of the table in docs/emulator.md. */
export function listFaults(): readonly FaultDescription[] {
  return [
    ...Object.entries(shareFaults).map(([name, about]) => ({ usage: `${name}=SHARE`, about })),
    { usage: "chaos=SHARE", about: `all of these at once, each at this share: ${chaosFaults.join(", ")}` },
    ...Object.entries(numberFaults).map(([name, { about, fallback }]) => ({
      usage: `${name}=N`,
      about: `${about} (default ${fallback})`,
    })),
    {
      usage: "latency-tail=SHARE:MS",
      about: "a share of the requests takes up to MS milliseconds longer, most of them much less",
    },
    ...Object.entries(flagFaults).map(([usage, about]) => ({ usage, about })),
    ...Object.entries(choiceFaults).map(([name, { about, choices }]) => ({
      usage: `${name}=${choices.join("|")}`,
      about: `${about} (default ${choices[0]})`,
    })),
  ];
}

/** The faults as aligned lines. */
export function describeFaults(): string {
  const faults = listFaults();
  const width = Math.max(...faults.map(({ usage }) => usage.length));
  return faults.map(({ usage, about }) => `  ${usage.padEnd(width)}  ${about}`).join("\n");
}
