export interface EventPlan {
  readonly action: "stage" | "promote" | "rollback" | "rollback by release" | "retry";
  /** Which rollout a rollback or a retry is about, and which release a flip brings out. */
  readonly of: number;
  readonly targets: readonly number[];
  readonly strategy: unknown;
  readonly onFailure: "rollback" | "halt" | undefined;
  readonly waits: boolean;
  readonly dryRun: boolean;
  readonly override: boolean;
}
