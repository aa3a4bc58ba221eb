const project = (displayName, testMatch) => ({
  displayName,
  testMatch: testMatch.map((pattern) => `<rootDir>/test/${pattern}`),
  transform: {},
  extensionsToTreatAsEsm: [".ts"],
  // Runs a test file in a thread of plain Node.js, so that a thread loads the AWS SDK once and not once for each file.
  runner: "jest-light-runner",
  setupFiles: ["<rootDir>/test/support/show-property-errors.ts"],
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
  globalSetup: "<rootDir>/test/support/bundle-worker.ts",
  maxWorkers: 3,
};
