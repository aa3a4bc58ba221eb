export type Disposition = "flip" | "unchanged" | Skipped;

export interface Skipped {
  readonly skipped: string;
  /** The reason as it is counted, where the whole one names somebody. */
  readonly countedAs?: string | undefined;
}
