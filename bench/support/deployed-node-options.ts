/** As infra/constructs/worker.ts sets them. Lambda would give a function of 1,024 MB 51 MB, three times, for young objects by itself. */
export const DEPLOYED_NODE_OPTIONS = "--max-old-space-size=921 --max-semi-space-size=8";
