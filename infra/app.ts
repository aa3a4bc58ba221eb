import { join, resolve } from "node:path";
import { App } from "aws-cdk-lib";
import { BadConfigError } from "../lambda/config.ts";
import { readEnvironments } from "./read-environments.ts";
import { addEnvironments } from "./stacks/add-stacks.ts";

// For other environments use another file: `cdk deploy -c config=infra/other.ts`.
const app = new App();
const file: unknown = app.node.tryGetContext("config");
try {
  const path = typeof file === "string" ? resolve(file) : join(import.meta.dirname, "config.ts");
  addEnvironments(app, await readEnvironments(path));
} catch (error) {
  if (!(error instanceof BadConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
