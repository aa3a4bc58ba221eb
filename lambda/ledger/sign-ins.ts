import {
  endSignIn,
  forgetBefore,
  MOST_TRIES_IN_A_DAY,
  ruleSignIn,
  type SignInEnd,
  type SignInRuling,
  type SignIns,
} from "../core/sign-in.ts";
import { controlsKey, environmentKey } from "./keys.ts";
import { toControls } from "./lock.ts";
import { ABSENT, type Table } from "./table.ts";

/** The sign-ins with each version of the secret, so that all invocations together never try one too often. */
export function createSignIns(table: Table, environment: string) {
  const toKey = (versionId: string) => environmentKey(environment, `sign-in#${versionId}`);

  async function read(versionId: string): Promise<Read> {
    const [item, controls] = await table.getAll([toKey(versionId), controlsKey(environment)]);
    const { tries = [], refusedAtMs, revision = 0 } = (item ?? {}) as Partial<SignIns> & { revision?: number };
    const { loginAgain } = toControls(controls);
    const signIns = { tries, refusedAtMs };
    return { revision, signIns: loginAgain ? forgetBefore(signIns, Date.parse(loginAgain.at)) : signIns };
  }

  /** False when another invocation has written it meanwhile. */
  function write(versionId: string, { revision }: Read, signIns: SignIns): Promise<boolean> {
    const asRead = revision === 0 ? { pk: ABSENT } : { revision };
    return table.putIf(toKey(versionId), { ...signIns, revision: revision + 1 }, asRead);
  }

  return {
    /** Records the sign-in before it is sent, so that it also counts when the worker dies. */
    async beginSignIn(versionId: string): Promise<SignInRuling> {
      for (;;) {
        const known = await read(versionId);
        const ruling = ruleSignIn(known.signIns, Date.now());
        if (ruling.kind !== "may begin") return ruling;
        const tries = [...known.signIns.tries, ruling.atMs].slice(-MOST_TRIES_IN_A_DAY);
        if (await write(versionId, known, { ...known.signIns, tries })) return ruling;
      }
    },
    async endSignIn(versionId: string, begunAtMs: number, end: SignInEnd): Promise<void> {
      for (;;) {
        const known = await read(versionId);
        if (await write(versionId, known, endSignIn(known.signIns, begunAtMs, end))) return;
      }
    },
  };
}

interface Read {
  readonly revision: number;
  readonly signIns: SignIns;
}
