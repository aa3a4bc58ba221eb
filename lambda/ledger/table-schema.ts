/** The attributes of the ledger's one table that DynamoDB itself knows: both keys are strings, the expiry is epoch seconds. */
export const LEDGER_KEYS = { partition: "pk", sort: "sk", expiry: "expiresAt" } as const;
