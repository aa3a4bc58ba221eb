import * as z from "zod";
import { findWaits } from "./deploy-event.ts";
import { DeployEventTemplate } from "./deploy-event-template.ts";
import { Glob } from "./glob.ts";
import { refineWith, strictObject } from "./problems.ts";
import { textMatching } from "./text-matching.ts";

const Repository = textMatching(
  /^[\w-]{1,100}\/[\w.-]{1,100}$/,
  'expected a repository with its owner, such as "acme/phone"',
).describe("the repository, with its owner");
const Workflow = textMatching(
  /^[\w.-]{1,200}\.ya?ml$/,
  'expected the file name of a workflow in .github/workflows, such as "deploy.yml"',
).describe("the workflow's file in .github/workflows, because any workflow can have the same name");
const Environment = Glob("an environment").optional().describe("the environment of the deployment");
const Task = Glob("a task").optional().describe("the task of the deployment");
const Ref = Glob("a branch, a tag or a commit")
  .optional()
  .describe("the deployed branch, tag or commit, as the deployment names it");
const Branch = Glob("a branch").optional().describe("the branch, without refs/heads/");
const RunEvent = Glob("an event")
  .optional()
  .describe(
    "the event that started the run, such as push; a run of a pull request fits only a mapping that names its event",
  );
const Tag = Glob("a tag").optional().describe("the tag, without refs/tags/");

const oneOf = <const Names extends readonly string[]>(names: Names) =>
  z.enum(names, { error: `expected one of ${names.join(", ")}` });

const CONCLUSIONS = ["success", "failure", "neutral", "cancelled", "timed_out", "action_required", "stale"] as const;
const STATES = ["success", "failure", "error", "inactive", "in_progress", "queued", "pending"] as const;
/** The actions that happen once for a release. */
const RELEASE_ACTIONS = ["published", "released", "prereleased", "created"] as const;

/** Events without a time, so `notAfterMinutes` has no start. */
const UNTIMED: readonly string[] = ["workflow_dispatch", "repository_dispatch"];

const NO_TIME = 'expected "refuse": a dispatch has no time, so the wait would have no end';

const INPUT = 'expected a text of the dispatch, such as "inputs.release"';

/** Maps a GitHub delivery to a deploy event. */
export const GitHubMapping = z.discriminatedUnion(
  "event",
  [
    mapping("deployment", {
      when: { repository: Repository, environment: Environment, task: Task, ref: Ref },
      from: oneOf(["ref", "sha"]),
    }),
    mapping("deployment_status", {
      when: { repository: Repository, state: oneOf(STATES), environment: Environment, task: Task, ref: Ref },
      from: oneOf(["ref", "sha"]),
    }),
    mapping("release", {
      when: { repository: Repository, action: oneOf(RELEASE_ACTIONS), tag: Tag },
      from: oneOf(["tag"]),
    }),
    mapping("workflow_run", {
      when: {
        repository: Repository,
        workflow: Workflow,
        conclusion: oneOf(CONCLUSIONS),
        branch: Branch,
        event: RunEvent,
      },
      from: oneOf(["branch", "sha"]),
    }),
    mapping("workflow_dispatch", {
      when: { repository: Repository, workflow: Workflow, branch: Branch, tag: Tag },
      from: textMatching(/^(?:branch|tag|inputs\.[\w-]{1,100})$/, INPUT),
    }),
    mapping("repository_dispatch", {
      when: { repository: Repository, action: Glob("the dispatch's event type") },
      from: textMatching(/^client_payload\.[\w-]{1,100}$/, INPUT),
    }),
  ],
  {
    error:
      "expected a mapping whose event is one of deployment, deployment_status, release, workflow_run, workflow_dispatch, repository_dispatch",
  },
);
export type GitHubMapping = z.output<typeof GitHubMapping>;

function mapping<Event extends string, When extends z.ZodRawShape, From extends z.ZodType<string>>(
  event: Event,
  { when, from }: { readonly when: When; readonly from: From },
) {
  return strictObject({
    event: z.literal(event),
    when: strictObject(when).describe("the conditions on a delivery; every member must fit"),
    start: DeployEventTemplate(from).superRefine(
      ...refineWith((start: object) => (UNTIMED.includes(event) ? findWaits(start, NO_TIME) : [])),
    ),
  });
}
