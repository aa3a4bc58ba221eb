import { join, resolve } from "node:path";
import { App } from "aws-cdk-lib";
import { readInfraConfig } from "./config.ts";
import { CutoverStack } from "./cutover-stack.ts";

// Another deployment is another file: `cdk deploy -c config=infra/staging.json`.
const app = new App();
const path: unknown = app.node.tryGetContext("config");
const config = readInfraConfig(typeof path === "string" ? resolve(path) : join(import.meta.dirname, "config.json"));

new CutoverStack(app, `cutover-${config.environment}`, { config });
