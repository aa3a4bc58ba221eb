type Members = Readonly<Record<string, unknown>>;

/** What a person can do, as data: each reader gets it in the form that the reader can send. */
export interface Advice {
  readonly say: string;
  /** An event or a command for the front door, as it is. */
  readonly send?: Members | undefined;
  /** Members of the same event, which is sent again with them. */
  readonly add?: Members | undefined;
}

export type AdviceWriter = (advice: Advice) => string | undefined;

/** For the console, CI and every other reader that sends JSON. */
export function writeAsJson({ send, add }: Advice): string | undefined {
  if (send !== undefined) return JSON.stringify(send);
  return add && `the same event with ${JSON.stringify(add).slice(1, -1)}`;
}
