import type { Emulator } from "../../../../local/emulator/emulator.ts";

/** A customer as it stands in a reply, as far as the tests look. */
export interface ShownCustomer {
  readonly id: string;
  readonly accountId: string;
  readonly name: string;
  readonly referenceId: string;
  readonly isStaging?: boolean;
  readonly parentCustomerId?: string;
  readonly breadcrumb?: readonly { readonly id: string; readonly name: string }[];
  readonly tags: readonly { readonly id: string; readonly name: string }[];
}

export interface ShownPage {
  readonly items: readonly ShownCustomer[];
  readonly totalCount?: number;
  readonly totalPages?: number;
  readonly hasMorePages?: boolean;
}

export interface Shown<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: T;
}

/** One request with a JSON `Accept` and, unless told otherwise, the operator's HTTP Basic credentials. */
export async function browse<T = unknown>(emulator: Emulator, path: string, init: RequestInit = {}): Promise<Shown<T>> {
  const response = await fetch(emulator.address + path, {
    redirect: "manual",
    ...init,
    headers: { accept: "application/json", authorization: toBasic(emulator), ...toRecord(init.headers) },
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: parse(text) as T };
}

export function toBasic({ userName, password }: { userName: string; password: string }): string {
  return `Basic ${Buffer.from(`${userName}:${password}`).toString("base64")}`;
}

export async function list(emulator: Emulator, query: string): Promise<ShownPage> {
  return (await browse<ShownPage>(emulator, `/customers?${query}`)).body;
}

export function flip(emulator: Emulator, id: string, isStaging: boolean): Promise<Shown<ShownCustomer>> {
  return browse(emulator, `/customers/${id}/staging`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ customerId: id, isStaging }),
  });
}

/** Signs in and gives the cookies to send back. */
export async function signIn(
  emulator: Emulator,
  { userName = emulator.userName, password = emulator.password, cookie = "", rememberMe = true } = {},
): Promise<Shown<Record<string, unknown>> & { readonly cookie: string }> {
  const shown = await browse<Record<string, unknown>>(emulator, "/auth/credentials", {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "", cookie },
    body: JSON.stringify({ provider: "credentials", userName, password, rememberMe }),
  });
  const cookies = shown.headers.getSetCookie().map((text) => text.split(";")[0]);
  return { ...shown, cookie: cookies.join("; ") };
}

export function getFirst(emulator: Emulator): string {
  for (const { id } of emulator.customers()) return id;
  throw new Error("the emulator has no customers");
}

function toRecord(headers: RequestInit["headers"]): Record<string, string> {
  return Object.fromEntries(new Headers(headers).entries());
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
