import { join, resolve } from "node:path";
import { App, Tags } from "aws-cdk-lib";
import { readInfraConfig } from "./read-environments.ts";
import { CutoverStack } from "./stacks/cutover-stack.ts";

// Another set of deployments is another file: `cdk deploy -c config=infra/other.json`.
const app = new App();
const path: unknown = app.node.tryGetContext("config");
const config = readInfraConfig(typeof path === "string" ? resolve(path) : join(import.meta.dirname, "config.json"));

for (const environment of config.environments) {
  new CutoverStack(app, `cutover-${environment.name}`, { config: environment });
}
for (const [name, value] of Object.entries(config.tags)) Tags.of(app).add(name, value);
