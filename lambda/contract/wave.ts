/** A share of the plan with its own bake. */
export interface Wave {
  readonly size: WaveSize;
  readonly bakeSeconds: number;
  /** How long an approval is waited for before the wave begins; absent for none. */
  readonly approvalSeconds?: number | undefined;
}

export type WaveSize =
  /** In hundredths of a percent of the planned customers, rounded up. */
  | { readonly kind: "share"; readonly hundredths: number }
  | { readonly kind: "customers"; readonly customers: number }
  /** The planned customers of a cohort of the policy. */
  | { readonly kind: "cohort"; readonly cohort: string }
  /** The last wave always takes the rest. */
  | { readonly kind: "rest" };
