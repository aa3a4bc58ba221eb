/** The options of infra/constructs/worker.ts. By default, Lambda gives a function of 1,024 MB three spaces of 51 MB for young objects. */
export const DEPLOYED_NODE_OPTIONS = "--max-old-space-size=921 --max-semi-space-size=8";
