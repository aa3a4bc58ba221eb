import { type Emulator, startEmulator } from "../../../../local/emulator/emulator.ts";
import { afterEach, expect, test } from "../../../support/jest.ts";
import { browse, flip, getFirst } from "./browse.ts";

const started: Emulator[] = [];

async function start(options: Partial<Parameters<typeof startEmulator>[0]> = {}): Promise<Emulator> {
  const emulator = await startEmulator({ customers: 100, ...options });
  started.push(emulator);
  return emulator;
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((emulator) => emulator.close()));
});

test.each([
  [1, 0.3, 0],
  [10, 0.3, 3],
  [1000, 0.3, 300],
  [1000, 0, 0],
  [77, 1, 77],
])("of %d customers, a share of %d is exactly %d on staging", async (customers, stagingShare, expected) => {
  const emulator = await start({ customers, stagingShare });
  const own = [...emulator.customers()].filter(({ accountId }) => accountId === emulator.accountId);
  expect(own).toHaveLength(customers);
  expect(own.filter(({ isStaging }) => isStaging)).toHaveLength(expected);
});

test("the same seed gives the same customers, another seed gives other customers", async () => {
  const [one, same, other] = [await start({ seed: 5 }), await start({ seed: 5 }), await start({ seed: 6 })];
  expect([...same.customers()]).toEqual([...one.customers()]);
  expect([...other.customers()].map(({ id }) => id)).not.toEqual([...one.customers()].map(({ id }) => id));
  expect(same.password).toBe(one.password);
  expect(other.password).not.toBe(one.password);
});

test("a flip sets the flag and counts as a write, also without a change", async () => {
  const emulator = await start();
  const id = getFirst(emulator);
  const before = emulator.customer(id)?.isStaging === true;
  expect((await flip(emulator, id, !before)).body).toMatchObject({ id, isStaging: !before });
  expect((await flip(emulator, id, !before)).body).toMatchObject({ id, isStaging: !before });
  expect(emulator.customer(id)).toMatchObject({ isStaging: !before, writes: 2 });
  emulator.setStaging(id, before);
  expect(emulator.customer(id)).toMatchObject({ isStaging: before, writes: 2 });
});

test("children follow their parent only under children-follow", async () => {
  const emulator = await start({ customers: 400, stagingShare: 0 });
  const child = [...emulator.customers()].find(({ parentCustomerId }) => parentCustomerId !== undefined);
  const parentId = child?.parentCustomerId ?? "";
  await flip(emulator, parentId, true);
  expect(emulator.customer(child?.id ?? "")?.isStaging).toBe(false);
  emulator.setFaults("children-follow");
  await flip(emulator, parentId, true);
  expect(emulator.customer(child?.id ?? "")).toMatchObject({ isStaging: true, writes: 0 });
});

test("a listener sees each phase of a request and can delay the reply", async () => {
  const emulator = await start({ stagingShare: 0 });
  const id = getFirst(emulator);
  const phases: string[] = [];
  const held = Promise.withResolvers<void>();
  const written = Promise.withResolvers<void>();
  const unsubscribe = emulator.onRequest(async ({ operation, customerId, phase }) => {
    phases.push(`${operation} ${customerId === id} ${phase}`);
    if (phase === "written") {
      written.resolve();
      await held.promise;
    }
  });
  const reply = flip(emulator, id, true);
  await written.promise;
  expect(emulator.customer(id)?.isStaging).toBe(true);
  expect(await Promise.race([reply, "no reply yet"])).toBe("no reply yet");
  held.resolve();
  await reply;
  unsubscribe();
  await browse(emulator, `/customers/${id}`);
  expect(phases).toEqual(["arrived", "written", "answered"].map((phase) => `SetCustomerStagingMode true ${phase}`));
});

const put = (emulator: Emulator, path: string, body: string): ReturnType<typeof browse> =>
  browse(emulator, path, { method: "PUT", body });

test("a parent process controls the emulator over HTTP, without faults", async () => {
  const emulator = await start();
  const id = getFirst(emulator);
  expect((await put(emulator, "/emulator/faults", "drop-before,rate-limit=1,wrong-password")).status).toBe(204);
  expect((await put(emulator, `/emulator/customers/${id}`, '{"isStaging":true}')).status).toBe(204);
  expect((await browse(emulator, `/emulator/customers/${id}`)).body).toEqual(emulator.customer(id));
  expect((await put(emulator, `/emulator/customers/${id}`, '{"tagNames":["vip","beta"]}')).status).toBe(204);
  expect(emulator.customer(id)).toMatchObject({ isStaging: true, tagNames: ["vip", "beta"] });
  expect((await put(emulator, `/emulator/customers/${id}`, '{"staging":true}')).status).toBe(400);
  const lines = (await browse(emulator, "/emulator/customers")).text.trim().split("\n");
  expect(lines).toHaveLength(110);
  const { accountId, otherAccountId } = emulator;
  expect(lines.map((line) => JSON.parse(line))).toContainEqual({ id, accountId, isStaging: true, writes: 0 });
  expect((await browse(emulator, "/emulator/accounts")).body).toEqual({ accountId, otherAccountId });
  expect((await put(emulator, "/emulator/password", "changed")).status).toBe(204);
  expect((await browse(emulator, "/emulator/end-sessions", { method: "POST" })).status).toBe(204);
  expect((await browse(emulator, "/emulator/stats")).body).toMatchObject({ requests: {}, peakInFlight: 0 });
});
