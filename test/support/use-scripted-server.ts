import { afterEach } from "./jest.ts";
import {
  type ConnectOptions,
  connectTo,
  type Script,
  type ScriptedServer,
  startScriptedServer,
} from "./scripted-server.ts";

type Connected = ReturnType<typeof connectTo>;

/** A scripted server and a client of it for each test that asks for them; both are closed after it. */
export function useScriptedServer() {
  let server: ScriptedServer | undefined;
  let connections: Connected[] = [];

  afterEach(async () => {
    for (const connection of connections) connection.close();
    connections = [];
    await server?.close();
    server = undefined;
  });

  /** Another client of the same server, with an empty memory. */
  function connect(options: ConnectOptions = {}): Connected {
    const connection = connectTo(running(), options);
    connections.push(connection);
    return connection;
  }

  function running(): ScriptedServer {
    if (server === undefined) throw new Error("no server yet: say what is given first");
    return server;
  }

  return {
    connect,
    async given(script: Script, options: ConnectOptions = {}): Promise<Connected> {
      server = await startScriptedServer(script);
      return connect(options);
    },
    /** Every request so far. */
    received: () => running().received,
    /** How many requests came for this path. */
    count: (path: string) => running().count(path),
  };
}
