import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RoundRobinProxy extends AsyncDisposable {
  readonly url: string;
  /** Sends requests to this instance, too. */
  add(instance: string): void;
  /** Sends none to it from now on. Resolves when those sent before are answered. */
  remove(instance: string): Promise<void>;
  /** Resolves after this many more answers of instances. */
  answers(count: number): Promise<void>;
}

/**
 * What stands between clients and instances. It keeps its connections to an instance until that one closes them, repeats
 * nothing and looks at nobody's health, so that whatever an instance fails shows: as a 502 with the reason.
 */
export async function startRoundRobinProxy(): Promise<RoundRobinProxy> {
  const agent = new Agent({ keepAlive: true });
  const instances: string[] = [];
  const pending = new Map<string, Set<IncomingMessage>>();
  const waiting = new Set<() => void>();
  let answered = 0;
  const changed = () => {
    for (const look of waiting) look();
  };

  const server = createServer((inbound, response) => {
    const instance = instances.shift();
    if (instance === undefined) {
      fail(response, 'no instance');
      return;
    }
    instances.push(instance);
    const unanswered = pending.get(instance)!.add(inbound);
    response.once('close', () => {
      unanswered.delete(inbound);
      changed();
    });
    const { method, headers } = inbound;
    const outbound = request(instance + inbound.url, { agent, method, headers })
      .on('response', (answer) => {
        answer.once('end', () => {
          answered++;
          changed();
        });
        answer.on('error', (error) => response.destroy(error));
        const { connection: _, 'keep-alive': __, ...forwarded } = answer.headers; // of that connection, not of this one
        response.writeHead(answer.statusCode!, forwarded);
        answer.pipe(response);
      })
      .on('error', (error) => fail(response, `${instance}: ${error.message}`));
    inbound.pipe(outbound);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const until = (reached: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!reached()) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    add: (instance) => {
      pending.set(instance, new Set());
      instances.push(instance);
    },
    remove: (instance) => {
      instances.splice(instances.indexOf(instance), 1);
      return until(() => pending.get(instance)!.size === 0);
    },
    answers: (count) => {
      const goal = answered + count;
      return until(() => answered >= goal);
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      agent.destroy();
      await once(server, 'close');
    },
  };
}

function fail(response: ServerResponse, reason: string): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(502).end(reason);
}
