import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import http2, { type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo, Server, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { seededRandom } from './random.js';

/** Streams of a session, so that there are several. */
const MAX_STREAMS = 4;

/** What an upstream does with a request. */
const FATES = ['cut', 'half', 'silence', 'refusal', 'goodbye', 'redirect', 'error', 'drip', 'early'] as const;
type Fate = (typeof FATES)[number] | 'answer';

/** What a caller does with its call. */
const WAYS = ['get', 'post', 'stream', 'upload', 'abort', 'leave'] as const;
export type Way = (typeof WAYS)[number];

export interface Plan {
  readonly fate: Fate;
  readonly way: Way;
  readonly delayMs: number;
}

/** The same for each call of a seed, whatever comes first. */
export function planOf(seed: number, n: number): Plan {
  const random = seededRandom(seed * 10_000 + n);
  const pick = <Value>(values: readonly Value[]) => values[Math.floor(random() * values.length)]!;
  return {
    fate: random() < 0.6 ? 'answer' : pick(FATES),
    way: pick(WAYS),
    delayMs: random() < 0.5 ? 0 : random() * 10,
  };
}

export const textOf = (n: number) => `answer ${n} `.repeat(200);

/** What a protocol has for the fates that are about connections. */
interface Connection {
  /** Ends it without a word. */
  cut(): void;
  /** Ends it in order, as soon as it is idle. */
  leave(): void;
  /** Says that the request was not looked at. */
  refuse(): void;
}

export interface ChaosUpstream {
  readonly url: string;
  /** Paths of the POSTs that were looked at. */
  readonly posts: readonly string[];
  readonly open: number;
  /** Connections at the same time. */
  readonly most: number;
}

async function meet({ fate, delayMs }: Plan, n: number, response: ServerResponse, connection: Connection) {
  const text = textOf(n);
  if (delayMs > 0) await sleep(delayMs);
  if (response.destroyed) return;
  switch (fate) {
    case 'cut':
      return connection.cut();
    case 'half':
      response.writeHead(200, { 'content-length': text.length });
      response.write(text.slice(0, 100), () => setTimeout(() => connection.cut(), 2));
      return;
    case 'silence':
      return;
    case 'refusal':
      return connection.refuse();
    case 'redirect':
      response.writeHead(307, { location: `/${n}?there` });
      response.end();
      return;
    case 'error':
      response.writeHead(503);
      response.end('busy');
      return;
    case 'drip':
      response.writeHead(200, { 'content-length': text.length });
      for (let at = 0; at < text.length && !response.destroyed; at += 500) {
        response.write(text.slice(at, at + 500));
        await sleep(1); // oxlint-disable-line no-await-in-loop -- part by part
      }
      response.end();
      return;
    default:
      response.end(text);
      if (fate === 'goodbye') connection.leave();
  }
}

/** Does with each request what the plan of its number says, by HTTP/1.1 or HTTP/2. */
export async function startChaos(seed: number, isHttp2: boolean): Promise<ChaosUpstream> {
  const posts: string[] = [];
  const refused = new Set<number>();
  const sockets = new Set<Socket>();
  /** The client's port → its socket. */
  const ofPorts = new Map<number, Socket>();
  let most = 0;
  const handle = (request: IncomingMessage, response: ServerResponse, connection: Connection) => {
    const [path = '', query] = request.url!.slice(1).split('?');
    const n = Number(path);
    const planned = planOf(seed, n);
    const isOver = query !== undefined || refused.has(n);
    const plan: Plan = isOver ? { ...planned, fate: 'answer' } : planned;
    if (plan.fate === 'refusal') refused.add(n);
    else if (request.method === 'POST') posts.push(request.url!);
    response.on('error', () => {});
    request.on('error', () => {});
    request.resume();
    if (plan.fate === 'early') void meet(plan, n, response, connection);
    else request.once('end', () => void meet(plan, n, response, connection));
  };
  const server: Server = isHttp2
    ? http2.createServer(
        { settings: { maxConcurrentStreams: MAX_STREAMS } },
        (request: Http2ServerRequest, response: Http2ServerResponse) => {
          const { stream } = request;
          const port = stream.session!.socket.remotePort!;
          handle(request as unknown as IncomingMessage, response as unknown as ServerResponse, {
            // Later, and not the session: Node 20 corrupts its memory where a socket is destroyed while the session reads from it.
            cut: () => setImmediate(() => ofPorts.get(port)?.destroy()),
            leave: () => stream.session?.close(),
            refuse: () => stream.close(http2.constants.NGHTTP2_REFUSED_STREAM),
          });
        },
      )
    : createServer((request, response) => {
        const { socket } = request;
        handle(request, response, {
          cut: () => socket.destroy(),
          leave: () => socket.end(),
          refuse: () => {
            response.writeHead(503);
            response.end();
          },
        });
      });
  server.on('session', (session) => session.on('error', () => {}));
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    ofPorts.set(socket.remotePort!, socket);
    most = Math.max(most, sockets.size);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posts,
    get open() {
      return sockets.size;
    },
    get most() {
      return most;
    },
  };
}
