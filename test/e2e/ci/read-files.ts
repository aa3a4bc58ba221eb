import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { ROOT } from "../../../infra/bundle.ts";
import { FRONT_DOOR_ARN } from "../../support/front-door.ts";

const read = (file: string) => readFileSync(join(ROOT, file), "utf8");

interface Step {
  readonly id?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Values;
  readonly env?: Values;
}
type Values = Readonly<Record<string, string | boolean>>;

/** `action.yml`, as far as these files use GitHub's language. */
export interface Action {
  readonly inputs: Readonly<Record<string, { readonly required?: boolean; readonly default?: string }>>;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: { readonly steps: readonly Step[] };
}

export interface Workflow {
  readonly env: Values;
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly outputs?: Values;
        readonly needs?: string;
        readonly environment?: string;
        readonly steps: readonly Step[];
      }
    >
  >;
}

export interface GitLabJob {
  readonly extends?: string;
  readonly variables?: Values;
  readonly script?: readonly string[];
  readonly needs?: readonly string[];
  readonly environment?: string;
  readonly rules?: readonly object[];
}

export const ACTION: Action = parse(read("action.yml"));

/** The workflow of docs/ci.md. */
export function readWorkflow(): Workflow {
  return parse(readBlock("GitHub Actions"));
}

/** The jobs of docs/ci.md, with those of the template that they include. */
export function readGitLabJobs(): Readonly<Record<string, GitLabJob>> {
  return { ...parse(read("templates/gitlab-ci.yml")), ...parse(readBlock("GitLab")) };
}

/** The YAML of a section, for the front door of the tests. */
function readBlock(title: string): string {
  const [, block = ""] = new RegExp(`\n## ${title}\n.*?\`\`\`yaml\n(.*?)\n\`\`\``, "s").exec(read("docs/ci.md")) ?? [];
  return block.replaceAll("START_FUNCTION", FRONT_DOOR_ARN);
}
