import type { Dispatcher } from "undici";

/** A reply that was read to its end. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/**
 * Makes one request and reads all of its reply, within a time from the call to the last byte. It is undici's dispatch
 * itself: the stream and the abort signal that `request` makes for each reply cost more than the request.
 */
export function send(dispatcher: Dispatcher, request: Dispatcher.DispatchOptions, timeoutMs: number): Promise<Reply> {
  return new Promise((resolve, reject) => {
    let late: Error | undefined;
    let controller: Dispatcher.DispatchController | undefined;
    let status = 0;
    let headers: Reply["headers"] = {};
    const chunks: Buffer[] = [];
    const timer = setTimeout(() => {
      late = new DOMException("no answer in time", "TimeoutError");
      reject(late);
      controller?.abort(late);
    }, timeoutMs);
    dispatcher.dispatch(request, {
      // Whoever waited for a connection until it was too late sends nothing.
      onRequestStart(begun) {
        controller = begun;
        if (late) begun.abort(late);
      },
      onResponseStart(_controller, statusCode, given) {
        status = statusCode;
        headers = given;
      },
      onResponseData(_controller, chunk) {
        chunks.push(chunk);
      },
      onResponseEnd() {
        clearTimeout(timer);
        resolve({ status, headers, text: toText(chunks) });
      },
      onResponseError(_controller, error) {
        clearTimeout(timer);
        reject(error);
      },
    });
  });
}

const UTF_8 = new TextDecoder();

function toText(chunks: readonly Buffer[]): string {
  const [first] = chunks;
  return UTF_8.decode(chunks.length === 1 ? first : Buffer.concat(chunks));
}
