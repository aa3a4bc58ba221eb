export type PlannedAction = "flip" | "unchanged" | Skipped;

export interface Skipped {
  readonly skipped: string;
}
