import { ROOT } from "../../../infra/bundle.ts";
import { ACTION, readGitLabJobs, readWorkflow } from "./read-files.ts";
import { type Job, runJob } from "./run-job.ts";

type Variables = Readonly<Record<string, string>>;
/** Runs one job of a pipeline; later jobs get its outputs. */
export type Pipeline = (job: "plan" | "promote") => Promise<Job>;

/** The workflow of docs/ci.md with action.yml, as a runner of GitHub plays them; the steps of others are left out. */
export function openGitHub(environment: Variables): Pipeline {
  const { env, jobs } = readWorkflow();
  const github = { ref_name: "v2026.11.0", run_id: "4711", actor: "octocat" };
  const needs: Record<string, { readonly outputs: Variables }> = {};
  return async (name) => {
    const { steps = [], outputs = {} } = jobs[name] ?? {};
    const cutover = steps.find(({ id }) => id === "cutover");
    const context = { github, env, needs };
    const job = await runAction(environment, fillAll(cutover?.with ?? {}, context), context);
    needs[name] = { outputs: fillAll(outputs, { ...context, steps: { cutover: job } }) };
    return job;
  };
}

/** The steps of action.yml, one after the other, until one fails. */
async function runAction(environment: Variables, given: Variables, context: object): Promise<Job> {
  const defaults = Object.entries(ACTION.inputs).map(([name, input]) => [name, input.default ?? ""]);
  const inputs = { ...fillAll(Object.fromEntries(defaults), context), ...given };
  const steps: Record<string, Job> = {};
  let last: Job | undefined;
  for (const { id = "", run, env = {} } of ACTION.runs.steps) {
    if (run === undefined || last?.exitCode) continue;
    const variables = { ...environment, ...fillAll(env, { inputs, steps }), GITHUB_ACTION_PATH: ROOT };
    last = await runJob(variables, { script: run });
    steps[id] = last;
  }
  if (last === undefined) throw new Error("the action has no command");
  const values = Object.entries(ACTION.outputs).map(([name, { value }]) => [name, value]);
  return { ...last, outputs: fillAll(Object.fromEntries(values), { steps }) };
}

function fillAll(values: Readonly<Record<string, string | boolean>>, context: object): Variables {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, fillIn(String(value), context)]));
}

/** As in GitHub's expressions, a name that does not exist is an empty text. */
function fillIn(text: string, context: object): string {
  return text.replace(/\$\{\{ ([\w.-]+) \}\}/g, (_, path: string) =>
    String(path.split(".").reduce((from: unknown, name) => (from as Record<string, unknown>)?.[name], context) ?? ""),
  );
}

const PREDEFINED = {
  CI_COMMIT_TAG: "v2026.11.0",
  CI_PIPELINE_ID: "4711",
  CI_JOB_ID: "1",
  GITLAB_USER_LOGIN: "octocat",
};

/** The jobs of docs/ci.md with the template, as a runner of GitLab plays them. */
export function openGitLab(environment: Variables): Pipeline {
  const jobs = readGitLabJobs();
  const dotenvs: Record<string, Variables> = {};
  return async (name) => {
    const { variables, script, needs = [] } = resolve(name);
    const fromNeeds = Object.assign({}, ...needs.map((need) => dotenvs[need]));
    // The variables of an earlier job stand above those of the job: https://docs.gitlab.com/ci/variables/dotenv_variables
    const all = { ...PREDEFINED, CUTOVER_ID_TOKEN: "token", ...variables, ...fromNeeds };
    const filled = Object.entries(all).map(([key, value]) => [key, expand(String(value), all)]);
    const none = { GITHUB_OUTPUT: "", GITHUB_STEP_SUMMARY: "" };
    const job = await runJob({ ...none, ...Object.fromEntries(filled), ...environment }, { script: script.join("\n") });
    dotenvs[name] = job.dotenv;
    return job;
  };

  function resolve(name: string): { variables: object; script: readonly string[]; needs: readonly string[] } {
    const { extends: base, variables = {}, script, needs } = jobs[name] ?? {};
    const from = base === undefined ? { variables: {}, script: [], needs: [] } : resolve(base);
    return {
      variables: { ...from.variables, ...variables },
      script: script ?? from.script,
      needs: needs ?? from.needs,
    };
  }
}

function expand(text: string, variables: Readonly<Record<string, unknown>>): string {
  return text.replace(/\$(\w+)/g, (_, name: string) => String(variables[name] ?? ""));
}
