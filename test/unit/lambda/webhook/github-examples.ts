import { createRequire } from "node:module";

export interface Example {
  readonly name: string;
  readonly payload: unknown;
}

type Events = readonly { readonly name: string; readonly examples: readonly unknown[] }[];

/** The package's own types are those of another package; so its files are read as what they are. */
const require = createRequire(import.meta.url);

/** Every payload that GitHub's documentation shows, by where it comes from. */
export const githubExamples = {
  "github.com": toExamples(require("@octokit/webhooks-examples/api.github.com/index.json")),
  "Enterprise Server 3.1": toExamples(require("@octokit/webhooks-examples/ghes-31/index.json")),
  "Enterprise Server 3.5": toExamples(require("@octokit/webhooks-examples/ghes-35/index.json")),
};

function toExamples(events: Events): readonly Example[] {
  return events.flatMap(({ name, examples }) => examples.map((payload) => ({ name, payload })));
}
