import type { Via } from "../contract/via.ts";

/**
 * Why something happened, or did not: a stable code with its data. The program decides by codes, and a person reads the
 * sentence. `docs/runbook.md` has a row for each code.
 */
export type Reason = ApiReason | FlipReason | GateReason | LookupReason | PlanReason | RollbackReason | StartReason;

export type ReasonCode = Reason["code"];

/** One sentence for each code. A reason that has another reason in it gets that one described by `describe`. */
export type Sentences<Some extends { readonly code: string }> = {
  readonly [Code in Some["code"]]: (
    reason: Extract<Some, { readonly code: Code }>,
    describe: (inner: Reason | readonly Reason[]) => string,
  ) => string;
};

/** What a request was for. The customer is absent where the outcome names it already. */
export interface Asked {
  /** As a person would say it: `flip`, `reading`. */
  readonly operation: string;
  readonly customerId?: string | undefined;
}

/** Why Evo Voice did not do what one request asked for. */
export type RequestReason =
  | (Asked & {
      readonly code: "request-refused";
      readonly status: number;
      readonly errorCode?: string | undefined;
    })
  /** `why`: a short name, such as `ECONNRESET`. */
  | (Asked & { readonly code: "no-answer"; readonly why: string })
  /** `api`: the API's own name for the operation. `misfit` names fields, and no value. */
  | (Asked & { readonly code: "unreadable-reply"; readonly api?: string | undefined; readonly misfit: string });

export type ApiReason =
  | RequestReason
  | { readonly code: "sign-in-refused"; readonly versionId: string }
  /** `why`: what the last try of this invocation came to. */
  | {
      readonly code: "sign-in-unclear";
      readonly versionId: string;
      readonly tries: number;
      readonly until: string;
      readonly why?: Reason | undefined;
    }
  | { readonly code: "session-rejected"; readonly operation: string }
  | { readonly code: "bad-secret"; readonly problem: string };

/** Why a customer has its outcome. */
export type FlipReason =
  /** `after`: what an earlier try was answered with. Evo Voice may still perform that try. */
  | { readonly code: "confirmed-by-reply"; readonly after?: string | undefined }
  /** `after`: what the flip was answered with. */
  | { readonly code: "confirmed-by-reading"; readonly after: string }
  | { readonly code: "confirmed-after-restart" }
  | { readonly code: "confirmed-by-verification" }
  | { readonly code: "already-there" }
  | { readonly code: "moved-since-plan" }
  | { readonly code: "deselected-since-plan" }
  | { readonly code: "customer-gone" }
  | { readonly code: "flag-unknown" }
  | { readonly code: "unanswered" }
  | { readonly code: "may-be-flipped"; readonly why: Reason }
  /** `isStaging`: the flag that the customer showed afterwards. */
  | { readonly code: "not-applied"; readonly isStaging: boolean; readonly why: Reason }
  /** `isStaging`: the flag that the customer shows at the end. */
  | { readonly code: "changed-since"; readonly isStaging: boolean }
  | { readonly code: "appeared" }
  | { readonly code: "end-not-listed"; readonly why: readonly Reason[] }
  | { readonly code: "not-attempted"; readonly why: readonly Reason[] }
  | { readonly code: "outcomes-not-recorded"; readonly why: readonly Reason[] };

/** Why a gate decides as it does, or why a rollout waits. */
export type GateReason =
  | { readonly code: "alarm"; readonly alarm: string; readonly state: AlarmState; readonly detail?: string | undefined }
  | { readonly code: "more-alarms"; readonly alarms: readonly string[] }
  | { readonly code: "no-data"; readonly seconds: number; readonly allowedSeconds: number }
  /** `wave`: the limit of this wave, not of the whole rollout. */
  | {
      readonly code: "failure-budget";
      readonly failed: number;
      readonly allowed: number;
      readonly planned: number;
      readonly wave?: number | undefined;
    }
  /** `used`: the share of one execution that the flips, or a rollback, have had. */
  | { readonly code: "rollback-reserve"; readonly used: string }
  | {
      readonly code: "children-moved";
      readonly children: readonly { readonly id: string; readonly parentId: string }[];
      readonly more: number;
    }
  | { readonly code: "children-not-checked"; readonly why: readonly Reason[] }
  | { readonly code: "aborted"; readonly by: string; readonly why: string }
  | { readonly code: "bake-skipped"; readonly by: string; readonly why: string }
  | { readonly code: "all-bakes-skipped"; readonly by: string; readonly why: string }
  | { readonly code: "bake-skipped-earlier" }
  | { readonly code: "baking" }
  | { readonly code: "delayed" }
  /** The data is absent where only the time of the pause is known. */
  | { readonly code: "paused"; readonly by?: string; readonly until?: string; readonly why?: string }
  | {
      readonly code: "waits-for-approval";
      readonly wave: number;
      readonly customers: number;
      /** ISO 8601. */
      readonly until: string;
    }
  | {
      readonly code: "approved" | "rejected";
      readonly wave: number;
      readonly by: string;
      readonly via?: Via | undefined;
      readonly at: string;
      readonly why: string;
    }
  | { readonly code: "not-approved-in-time"; readonly wave: number; readonly seconds: number }
  /** Without `holder` the lock is free. */
  | {
      readonly code: "waits-for-lock";
      readonly holder?: string | undefined;
      readonly until?: string | undefined;
    }
  | { readonly code: "stopping"; readonly why: readonly Reason[] }
  | {
      readonly code: "command-noted";
      readonly command: CommandName;
      readonly by: string;
      readonly at: string;
      readonly why: string;
      readonly via?: Via | undefined;
      readonly pauseSeconds?: number | undefined;
      readonly rollback?: boolean | undefined;
      /** The wave that the rollout was at. */
      readonly wave?: number | undefined;
    }
  | { readonly code: "stopped"; readonly by: string; readonly since: string; readonly why: string }
  /** `timeZone`: of a schedule of the policy. `by`, `since` and `why`: of a freeze that a person added. */
  | {
      readonly code: "frozen";
      readonly freeze: string;
      readonly until: string;
      readonly timeZone?: string;
      readonly by?: string;
      readonly since?: string;
      readonly why?: string;
    };

/** Why a customer is left out of the plan, or why a lookup ends a rollout. */
export type LookupReason =
  | { readonly code: "outside-accounts" }
  | { readonly code: "protected-by-policy"; readonly by: "id" | "reference id" | "tag"; readonly tag?: string }
  | { readonly code: "protected-by-control" }
  | { readonly code: "excluded" }
  | { readonly code: "unknown-customer" }
  | { readonly code: "unknown-reference" }
  | { readonly code: "no-longer-found" }
  | { readonly code: "unclear-family"; readonly customerId: string; readonly ancestorId: string }
  | { readonly code: "unknown-cohort"; readonly cohort: string }
  | { readonly code: "unknown-tags"; readonly tags: readonly string[] }
  | { readonly code: "repeated-tags"; readonly tags: readonly { readonly tag: string; readonly accountId: string }[] }
  /** `seen`: what each pass saw. */
  | { readonly code: "incomplete-lookup"; readonly seen: string }
  | { readonly code: "customer-unreadable"; readonly customerId: string; readonly why: Reason }
  | {
      readonly code: "bad-id";
      readonly of: string;
      readonly start: string;
      readonly characters: number;
      readonly mostCharacters: number;
    }
  | { readonly code: "unknown-targets"; readonly rolloutId: string };

/** Which of the policy's guard rails a plan breaks. */
export type Breach =
  | { readonly rule: "maxCustomers"; readonly flip: number; readonly allowed: number }
  /** Without `scope`, the size of the scope is not known. */
  | {
      readonly rule: "maxShare";
      readonly flip: number;
      readonly share: string;
      readonly scope?: number | undefined;
      readonly allowed?: number | undefined;
    }
  | {
      readonly rule: "largePromote";
      readonly flip: number;
      readonly firstWave: number;
      readonly bakeSeconds: number;
      readonly expected: string;
    };

/** Why a plan is refused, or why a wave is not as the strategy asked for. */
export type PlanReason =
  | { readonly code: "none-selected" }
  | { readonly code: "none-left" }
  /** `named`: the first of them, because an event may name thousands. */
  | { readonly code: "unknown-customers"; readonly named: readonly string[]; readonly more: number }
  | {
      readonly code: "ambiguous-references";
      readonly references: readonly { readonly referenceId: string; readonly customerIds: readonly string[] }[];
    }
  | ({ readonly code: "blast-radius" } & Breach)
  /** `changes`: which customers are planned otherwise now. */
  | { readonly code: "stale-plan"; readonly plan: string; readonly now: string; readonly changes: string }
  | { readonly code: "unknown-plan"; readonly plan: string; readonly now: string }
  | { readonly code: "plan-of-another-event"; readonly plan: string; readonly retryOf?: string | undefined }
  | {
      readonly code: "descendants-left-out";
      readonly descendants: readonly { readonly id: string; readonly ancestorId?: string | undefined }[];
    }
  | { readonly code: "descendants-not-listed"; readonly found: number; readonly total: number }
  | { readonly code: "batch-missing"; readonly rolloutId: string; readonly index: number }
  | { readonly code: "wave-empty"; readonly cohort?: string | undefined }
  | { readonly code: "wave-short"; readonly flip: number; readonly quota: number }
  | { readonly code: "large-family"; readonly customers: number };

/** Why a rollback left a customer where it is, or ended early. */
export type RollbackReason =
  /** The later rollout moved the customer, and was not rolled back. */
  | { readonly code: "moved-by-later-rollout"; readonly rolloutId: string }
  | { readonly code: "restored-with-newer" }
  | { readonly code: "may-be-restored"; readonly why: readonly Reason[] }
  | { readonly code: "rollback-gave-up"; readonly parts: number }
  | { readonly code: "rollback-ended-early"; readonly why: readonly Reason[] }
  | { readonly code: "rollback-not-verified"; readonly why: readonly Reason[] }
  | { readonly code: "rollback-not-counted"; readonly why: readonly Reason[] };

/** Why a rollout does not begin, or why it could not continue by itself. */
export type StartReason =
  | { readonly code: "too-late"; readonly notAfter: string }
  | { readonly code: "locked"; readonly rolloutId: string }
  | { readonly code: "id-taken"; readonly id: string }
  | {
      readonly code: "release-held";
      readonly release: string;
      readonly by: string;
      readonly since: string;
      readonly why: string;
      /** The rollout whose rollback made the hold. */
      readonly after?: string | undefined;
    }
  | { readonly code: "aborted-while-waiting"; readonly by: string; readonly why: string }
  | { readonly code: "unknown-rollout"; readonly rolloutId: string }
  | { readonly code: "nothing-flipped"; readonly rolloutId: string }
  | { readonly code: "never-began"; readonly rolloutId: string }
  | { readonly code: "release-never-flipped"; readonly release: string }
  | { readonly code: "already-retried"; readonly rolloutId: string; readonly by: string }
  | { readonly code: "was-rolled-back"; readonly rolloutId: string }
  | { readonly code: "is-rollback"; readonly rolloutId: string }
  | { readonly code: "unknown-source"; readonly rolloutId: string }
  | { readonly code: "lock-lost"; readonly rolloutId: string; readonly by?: string | undefined }
  /** `mark`: how far a part has come. */
  | { readonly code: "stalled"; readonly step: string; readonly runs: number; readonly mark?: string }
  | { readonly code: "no-progress"; readonly parts: number }
  | { readonly code: "abandoned" }
  | { readonly code: "execution-failed"; readonly detail: string }
  | { readonly code: "unknown-schema"; readonly item: string; readonly version: string }
  /** An error that no code foresees: of the ledger, or of this program. */
  | { readonly code: "unexpected"; readonly error: string; readonly detail: string };

/** The commands to one rollout. */
export type CommandName = "pause" | "resume" | "skip-bake" | "skip-all-bakes" | "abort" | "approve" | "reject";

export type AlarmState = "OK" | "ALARM" | "INSUFFICIENT_DATA" | "missing" | "unreadable";
export type AlarmWords = Readonly<Record<AlarmState, string>>;
