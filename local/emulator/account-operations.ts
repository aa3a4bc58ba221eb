import { sees } from "./accounts.ts";
import type { Call } from "./operation.ts";
import { getText } from "./parameters.ts";
import { toHex } from "./random.ts";
import { type Reply, toReply } from "./reply.ts";
import { ServiceError } from "./service-error.ts";

export function getSystemSettings({ state, user, parameters }: Call): Reply {
  const { accounts } = state.table;
  const id = getText(parameters, "accountId") ?? accounts[0].id;
  const account = accounts.find((candidate) => candidate.id === id);
  if (account === undefined || user === undefined || !sees(user, id))
    throw new ServiceError(404, "NotFound", "Account not found");
  return toReply({
    id: toHex(state.seed, `settings ${account.name}`, 24),
    accountId: id,
    overrideSystemTime: false,
    tags: account.tags.map(({ share: _share, ...tag }) => tag),
  });
}
