import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { controlPrefix, type EmulatorControls, serveControl } from "./control.ts";
import { findRow, outsider, type Row } from "./customer-table.ts";
import {
  type CustomerInit,
  type EmulatedCustomer,
  insertCustomer,
  setTags,
  toEmulatedCustomer,
  toEmulatedCustomers,
} from "./emulated-customer.ts";
import { serveRequest } from "./serve-request.ts";
import type { RequestListener, Service } from "./service.ts";
import { changePassword } from "./sessions.ts";
import { changeFaults, createState, doLateWrites, nowMs, writeStaging } from "./state.ts";
import { createCounters, type EmulatorStats } from "./stats.ts";

export interface EmulatorOptions {
  /** @default 0, any free port */
  readonly port?: number;
  /** The number of customers of the main account. */
  readonly customers: number;
  /** @default 1 */
  readonly seed?: number;
  /** See docs/emulator.md. @default none */
  readonly faults?: string;
  /** The share of each account's customers that start on staging. @default 0.3 */
  readonly stagingShare?: number;
  /** A file that keeps the changes of customers: with the same customers and seed, a later start continues with them. */
  readonly file?: string | undefined;
}

/** An Evo Voice API on loopback, and its controls. */
export interface Emulator extends EmulatorControls {
  readonly address: string;
  readonly userName: string;
  readonly password: string;
  addCustomer(init?: CustomerInit): EmulatedCustomer;
  removeCustomer(id: string): void;
  /** Every session id so far. No log, report or ledger item may contain a session id. */
  sessionIds(): readonly string[];
  /** Notifies the listener of every request and waits for it; returns a function that removes the listener. */
  onRequest(listener: RequestListener): () => void;
  /** Moves the clock of lags and late writes on, for a client whose wait is skipped. */
  skip(ms: number): void;
  /** Closes all connections, also those without a reply. */
  close(): Promise<void>;
}

export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const { port = 0, customers, seed = 1, faults = "", stagingShare = 0.3, file } = options;
  const service: Service = {
    state: createState({ customers, seed, faults, stagingShare, file }),
    counters: createCounters(),
    window: { startedAtMs: 0, used: 0 },
    listeners: new Set(),
  };
  const server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 0, noDelay: true });
  await listen(server, port);
  const emulator = toEmulator(service, server);
  server.on("request", (request, response) => {
    const isControl = request.url?.startsWith(controlPrefix);
    const done = isControl ? serveControl(emulator, request, response) : serveRequest(service, request, response);
    done.catch(() => request.socket.destroy());
  });
  return emulator;
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function toEmulator(service: Service, server: Server): Emulator {
  const { state } = service;
  const { table } = state;
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    userName: state.users[0].userName,
    password: state.sessions.password,
    accountId: table.accounts[0].id,
    otherAccountId: table.accounts[1].id,
    customers: () => {
      doLateWrites(state);
      return toEmulatedCustomers(table);
    },
    customer: (id) => {
      doLateWrites(state);
      const row = findRow(table, id);
      return row && toEmulatedCustomer(table, row);
    },
    setStaging: (id, isStaging) =>
      writeStaging(state, getRow(service, id), isStaging, { user: outsider, atMs: nowMs(state) }),
    setTags: (id, tagNames) => {
      const row = getRow(service, id);
      setTags(table, row, tagNames);
      state.keep(row);
    },
    addCustomer: (init) => insertCustomer(table, init ?? {}),
    removeCustomer: (id) => {
      getRow(service, id).isRemoved = true;
      table.version++;
    },
    setPassword: (password) => changePassword(state.sessions, password),
    endSessions: () => state.sessions.byId.clear(),
    sessionIds: () => [...state.sessions.issued],
    setFaults: (spec) => changeFaults(state, spec),
    onRequest: (listener) => {
      service.listeners.add(listener);
      return () => service.listeners.delete(listener);
    },
    skip: (ms) => {
      state.aheadMs += ms;
    },
    stats: () => toStats(service),
    close: () => close(server),
  };
}

function getRow({ state }: Service, id: string): Row {
  const row = findRow(state.table, id);
  if (row === undefined) throw new Error(`the emulator has no customer ${id}`);
  return row;
}

function toStats({ state, counters }: Service): EmulatorStats {
  return {
    requests: Object.fromEntries(counters.requests),
    signIns: state.sessions.signIns,
    refusedSignIns: state.sessions.refusedSignIns,
    refused429: counters.refused429,
    refused401: counters.refused401,
    inFlight: counters.inFlight,
    peakInFlight: counters.peakInFlight,
    faults: Object.fromEntries(counters.faults),
  };
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
