/** A share of the plan with its own bake. */
export interface Wave {
  readonly size: WaveSize;
  readonly bakeSeconds: number;
}

export type WaveSize =
  /** Of all customers to be flipped, in hundredths of a percent, rounded up. */
  | { readonly kind: "share"; readonly hundredths: number }
  | { readonly kind: "customers"; readonly customers: number }
  /** A cohort of the policy: all of its customers that are to be flipped. */
  | { readonly kind: "cohort"; readonly cohort: string }
  /** The last one always takes the rest. */
  | { readonly kind: "rest" };
