/** The table's attributes that DynamoDB itself reads: both keys are strings, the expiry is epoch seconds. */
export const LEDGER_KEYS = { partition: "pk", sort: "sk", expiry: "expiresAt" } as const;
