export type Disposition = "flip" | "unchanged" | Skipped;

export interface Skipped {
  readonly skipped: string;
}
