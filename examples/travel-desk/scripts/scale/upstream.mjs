import { once } from 'node:events';
import { createServer } from 'node:http';

/** So many health endpoints, each an origin of its own, that count what reaches them. */
export async function startEndpoints(count) {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer((_, response) => {
        requests++;
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"ok"}');
      });
      server.keepAliveTimeout = 60_000;
      server.on('connection', () => connections++);
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  let requests = 0;
  let connections = 0;
  return {
    /** As the settings of the monitor have them. */
    endpoints: servers.map((server, index) => ({
      id: `e${index}`,
      url: `http://127.0.0.1:${server.address().port}/health`,
    })),
    /** Requests and connections until now. */
    counts: () => ({ requests, connections }),
    stop() {
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}
