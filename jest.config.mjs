const project = (displayName, testMatch) => ({
  displayName,
  testMatch: testMatch.map((pattern) => `<rootDir>/test/${pattern}`),
  transform: {},
  extensionsToTreatAsEsm: [".ts"],
  setupFiles: ["<rootDir>/test/support/unref-leftover-timers.ts"],
});

/** `npm test` runs the first five; `npm run test:chaos`, `test:browser` and `test:matrix` run one each. */
// biome-ignore lint/style/noDefaultExport: Jest reads its configuration from the default export
export default {
  projects: [
    project("unit", ["unit/**/*.test.ts", "support/*.test.ts"]),
    project("e2e", ["e2e/*.test.ts", "e2e/ci/*.test.ts"]),
    project("chaos", ["chaos/*.test.ts"]),
    project("infra", ["infra/*.test.ts"]),
    project("docs", ["docs/*.test.ts"]),
    project("long", ["*/long/*.test.ts"]),
    project("browser", ["browser/*.test.ts"]),
    project("matrix", ["*/matrix/*.test.ts"]),
  ],
  collectCoverageFrom: ["lambda/**/*.ts"],
  coverageProvider: "babel",
  coverageReporters: ["text"],
  globalSetup: "<rootDir>/test/support/bundle-worker.ts",
  testTimeout: 120_000,
  maxWorkers: 3,
  workerIdleMemoryLimit: "1GB",
};
