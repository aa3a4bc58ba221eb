import { ServiceError } from "./service-error.ts";

/** A reply of the emulator before it is sent. */
export interface Reply {
  readonly status: number;
  /** `data` is JSON text; the client's `Accept` decides between JSON and a page. */
  readonly kind: "data" | "html" | "text" | "empty";
  readonly body: string | Iterable<string>;
  readonly headers?: readonly (readonly [name: string, value: string])[];
}

export function reply(body: string | Iterable<string>, headers?: Reply["headers"]): Reply {
  return { status: 200, kind: "data", body, ...(headers && { headers }) };
}

export function toReply(value: object): Reply {
  return reply(JSON.stringify(value));
}

/** The answers of the access check have no body. */
export const unauthorized: Reply = {
  status: 401,
  kind: "empty",
  body: "",
  headers: [["WWW-Authenticate", 'credentials realm="/auth/credentials"']],
};

export const forbidden: Reply = { status: 403, kind: "empty", body: "" };

export const noContent: Reply = { status: 204, kind: "empty", body: "" };

export const notFound: Reply = { status: 404, kind: "text", body: "Handler for Request not found (404)" };

export const loginPage: Reply = {
  status: 200,
  kind: "html",
  body: '<!doctype html><html><head><title>Sign In</title></head><body><form method="post" action="/auth/credentials"><input name="userName"><input name="password" type="password"><button>Sign In</button></form></body></html>',
};

export function redirectToLogin(path: string): Reply {
  return {
    status: 302,
    kind: "empty",
    body: "",
    headers: [["Location", `/login?redirect=${encodeURIComponent(path)}`]],
  };
}

/** An error thrown in a service. */
export function toErrorReply(error: ServiceError): Reply {
  const { errorCode, message, fieldName } = error;
  const errors = fieldName === undefined ? [] : [{ errorCode, fieldName, message }];
  return { ...toReply({ responseStatus: { errorCode, message, errors } }), status: error.status };
}

export function toErrorPage(status: number, title: string): Reply {
  return {
    status,
    kind: "html",
    body: `<html><head><title>${status} ${title}</title></head><body><center><h1>${status} ${title}</h1></center><hr><center>nginx</center></body></html>`,
  };
}

export function toServiceError(error: unknown): ServiceError {
  return error instanceof ServiceError ? error : new ServiceError(500, "Exception", "Internal Server Error");
}
