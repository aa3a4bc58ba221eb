/**
 * What many CI jobs do after a deploy: promote the customers of a tag with a loop of fetches, and post the flags back when
 * something fails. `npm run bench -- script` runs it beside Cutover; it is a contender, not an example to follow.
 */
import { execSync } from "node:child_process";

const { EVOVOICE_URL, EVOVOICE_USER, EVOVOICE_PASSWORD, ACCOUNT_ID, TAG, SMOKE_TEST } = process.env;
let cookie = "";

async function call(path, body) {
  const headers = { "content-type": "application/json", accept: "application/json", cookie };
  const options = body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers };
  const response = await fetch(`${EVOVOICE_URL}/${path}`, options);
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response;
}

const signIn = { provider: "credentials", userName: EVOVOICE_USER, password: EVOVOICE_PASSWORD };
const session = await call("auth/credentials", signIn);
cookie = session.headers
  .getSetCookie()
  .map((each) => each.split(";", 1)[0])
  .join("; ");

const settings = await (await call(`system/settings?accountId=${ACCOUNT_ID}`)).json();
const tagId = settings.tags.find(({ name }) => name === TAG).id;

const customers = [];
for (let page = 0; ; page++) {
  const query = `accountIds=${ACCOUNT_ID}&tagIds=${tagId}&countPerPage=100&page=${page}`;
  const { items } = await (await call(`customers?${query}`)).json();
  customers.push(...items);
  if (items.length < 100) break;
}

const setFlag = ({ id }, isStaging) => call(`customers/${id}/staging`, { customerId: id, isStaging });
const done = [];
try {
  for (const customer of customers) {
    await setFlag(customer, false);
    done.push(customer);
  }
  execSync(SMOKE_TEST);
  console.log(`promoted ${done.length} customers`);
} catch (error) {
  for (const customer of done) await setFlag(customer, true);
  console.log(`${error.message}; rolled back ${done.length} customers`);
  process.exitCode = 1;
}
