import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** Stands between a worker and the emulator, and changes what replies say. */
export async function startRewritingProxy(target: string, rewrite: (url: string, body: string) => string) {
  const server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { host: _, connection: __, ...headers } = request.headers;
    const reply = await fetch(`${target}${request.url}`, {
      method: request.method ?? "GET",
      headers: headers as Record<string, string>,
      ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
      redirect: "manual",
    });
    const body = rewrite(request.url ?? "", await reply.text());
    response.writeHead(reply.status, {
      "content-type": reply.headers.get("content-type") ?? "",
      "set-cookie": reply.headers.getSetCookie(),
    });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
