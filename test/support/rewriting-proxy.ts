import { type LoopbackServer, listenOnLoopback, readBody } from "../../local/aws/loopback.ts";

/** Stands between a worker and the emulator, and changes what replies say. */
export async function startRewritingProxy(
  target: string,
  rewrite: (url: string, body: string) => string,
): Promise<LoopbackServer> {
  return listenOnLoopback(async (request, response) => {
    const { url = "", method = "GET" } = request;
    const sent = await readBody(request);
    const { host: _, connection: __, ...headers } = request.headers;
    const reply = await fetch(target + url, {
      method,
      headers: headers as Record<string, string>,
      ...(sent !== "" && { body: sent }),
      redirect: "manual",
    });
    response.writeHead(reply.status, {
      "content-type": reply.headers.get("content-type") ?? "",
      "set-cookie": reply.headers.getSetCookie(),
    });
    response.end(rewrite(url, await reply.text()));
  });
}
