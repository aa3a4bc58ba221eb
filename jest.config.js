/** Jest 30 on Node 24 loads TypeScript by Node's own type stripping: no transform at all. */
export default {
  testMatch: ["<rootDir>/test/**/*.test.ts"],
  transform: {},
  extensionsToTreatAsEsm: [".ts"],
  coverageProvider: "v8",
  collectCoverageFrom: ["lambda/**/*.ts", "infra/**/*.ts", "local/**/*.ts"],
  coverageReporters: ["text"],
  testTimeout: 30_000,
  workerIdleMemoryLimit: "1GB",
};
