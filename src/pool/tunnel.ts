import agentkeepalive from 'agentkeepalive';
import http, { type Agent, type ClientRequest } from 'node:http';
import net, { isIP, isIPv6, Socket } from 'node:net';
import tls, { type ConnectionOptions } from 'node:tls';
import { basicAuthorization } from '../base/http-rules.js';
import { shadowInherited } from '../base/prototype-pollution.js';
import { portOf, withoutBrackets } from '../base/url-parts.js';
import { credentialsOf } from '../call/target.js';
import type { AddressGuard } from '../guard/address-guard.js';
import {
  adopt,
  type AgentInternals,
  agentOptions,
  type AgentOwner,
  type AgentSettings,
  type SocketTarget,
} from './agents.js';
import { openFastLane } from './fast-lane.js';

/** The protocols that a socket offers when its TLS begins (RFC 7301). */
export interface Alpn {
  readonly ALPNProtocols: string[];
}

/** Where a tunnel leads, with the TLS options for it. */
interface TunnelTarget extends SocketTarget {
  /** Bytes that the head of the proxy's answer may have; undefined: Node's limit. */
  readonly maxHeaderSize?: number;
}

/**
 * Opens a tunnel through a proxy with CONNECT (RFC 9110 §9.3.6) and starts TLS with the target in it. Whatever else the proxy answers is no
 * answer of the target's: nobody has vouched for it.
 * @param signal whether anybody still waits for it
 * @throws what the socket or Node's parser fails with, or ERR_PROXY_TUNNEL where the proxy refuses, with its answer's `status`
 */
function openTunnel(proxy: URL, target: TunnelTarget, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const connecting = connectRequest(proxy, target, signal);
    connecting.on('error', reject);
    connecting.once('connect', ({ statusCode = 0 }, socket, head) => {
      const isOpen = statusCode >= 200 && statusCode < 300;
      if (isOpen && head.length === 0) {
        resolve(tls.connect(shadowInherited({ ...(target as ConnectionOptions), socket }))); // the host is for the certificate
        return;
      }
      socket.destroy();
      // In TLS the client speaks first: the target cannot have sent it.
      reject(isOpen ? tunnelError('more than an answer') : tunnelError(`status ${statusCode}`, statusCode));
    });
    connecting.end();
  });
}

/** Made without `http.request`, so that what observes an app's calls there takes it for none, and adds no header of theirs. */
function connectRequest(proxy: URL, { host, port, maxHeaderSize }: TunnelTarget, signal: AbortSignal): ClientRequest {
  const authority = `${isIPv6(host!) ? `[${host}]` : host}:${port}`;
  const credentials = credentialsOf(proxy);
  return new http.ClientRequest(
    shadowInherited({
      method: 'CONNECT',
      path: authority,
      headers: {
        host: authority,
        connection: 'keep-alive',
        'proxy-connection': 'keep-alive', // for proxies that are older than RFC 9112, as curl and browsers have it
        ...(credentials && { 'proxy-authorization': basicAuthorization(credentials) }),
      },
      maxHeaderSize,
      signal,
      createConnection: () => connectTo(proxy),
    }),
  );
}

function connectTo(proxy: URL): Socket {
  const host = withoutBrackets(proxy.hostname);
  const options = { host, port: portOf(proxy), keepAlive: true, noDelay: true };
  if (proxy.protocol !== 'https:') return net.connect(shadowInherited(options));
  const servername = isIP(host) ? '' : host;
  return tls.connect(shadowInherited({ ...options, servername, ALPNProtocols: ['http/1.1'] }));
}

function tunnelError(answer: string, status?: number): Error {
  const error = new Error(`the proxy answered CONNECT with ${answer}`);
  return Object.assign(error, { code: 'ERR_PROXY_TUNNEL', ...(status !== undefined && { status }) }); // as Node names it
}

const INIT_SOCKET = agentkeepalive.constants.INIT_SOCKET as unknown as symbol;

/** The request that a socket is opened for: `createConnection` is not told. */
const FOR_REQUEST = Symbol('request');

interface RequestedTarget extends TunnelTarget {
  [FOR_REQUEST]?: ClientRequest;
}

/**
 * An agent for https whose sockets are tunnels through a proxy.
 * @param alpn the protocols that it offers to the target; undefined: HTTP/1.1
 */
export function createTunnelAgent(proxy: URL, settings: AgentSettings, owner: AgentOwner, alpn?: Alpn): Agent {
  const agent = new agentkeepalive.HttpsAgent(Object.assign(agentOptions(settings), settings.tls.current, alpn));
  const initSocket = (agent as unknown as Record<symbol, (socket: Socket, target: SocketTarget) => void>)[INIT_SOCKET]!;
  (agent as unknown as AgentInternals).createConnection = (target, callback) => {
    const request = (target as RequestedTarget)[FOR_REQUEST]!;
    delete (target as RequestedTarget)[FOR_REQUEST]; // the socket keeps its target for life, and must not keep its first request
    const release = holdPlace(agent, request, target);
    const { signal, unwatch } = destructionOf(request);
    openGuardedTunnel(proxy, target, settings.addressGuard, signal)
      .finally(unwatch)
      .then(
        (socket) => {
          release(false);
          initSocket.call(agent, socket, target);
          callback(null, socket);
        },
        (error: unknown) => {
          callback(error);
          release(true);
        },
      );
    return undefined;
  };
  openFastLane(agent);
  adopt(agent, 'https:', settings, owner);
  const internals = agent as unknown as AgentInternals;
  const createSocket = internals.createSocket.bind(agent);
  internals.createSocket = (request, options, callback) =>
    createSocket(request, Object.assign({ ...options }, { [FOR_REQUEST]: request }), callback);
  return agent;
}

/** The proxy's own address is the operator's choice, and the target's the proxy's to find out: here it is judged as DNS has it. */
async function openGuardedTunnel(
  proxy: URL,
  target: TunnelTarget,
  guard: AddressGuard | undefined,
  signal: AbortSignal,
): Promise<Socket> {
  if (guard) await unlessAborted(guard.admit(target), signal);
  return openTunnel(proxy, target, signal);
}

/** Aborted when a request is destroyed that has no socket yet, of which Node tells nobody: a proxy could keep it waiting for ever. */
function destructionOf(request: ClientRequest): { readonly signal: AbortSignal; readonly unwatch: () => void } {
  const controller = new AbortController();
  if (request.destroyed) controller.abort();
  const destroy = request.destroy.bind(request);
  request.destroy = (error) => {
    controller.abort();
    return destroy(error);
  };
  const unwatch = () => {
    request.destroy = destroy;
  };
  return { signal: controller.signal, unwatch };
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    promise.then(resolve, reject);
  });
}

/**
 * Node counts a socket when it is there, so while tunnels are being opened it would open any number. A place is held for
 * each until then.
 * @returns gives the place up; if it failed, to the next request in the queue
 */
function holdPlace(agent: Agent, request: ClientRequest, target: SocketTarget): (failed: boolean) => void {
  const place = new Socket();
  const { _agentKey: key = '' } = target;
  const counted = agent as unknown as {
    sockets: Record<string, Socket[]>;
    requests: Record<string, ClientRequest[]>;
    totalSocketCount: number;
  };
  (counted.sockets[key] ??= []).push(place);
  counted.totalSocketCount++;
  return (failed) => {
    remove(place, counted.sockets, key);
    counted.totalSocketCount--;
    if (!failed) return;
    remove(request, counted.requests, key); // Node leaves it in the queue, and would open tunnels for it for ever
    (agent as unknown as AgentInternals).removeSocket(place, target);
  };
}

/** Node takes a list that is there not to be empty. */
function remove<Entry>(entry: Entry, lists: Record<string, Entry[]>, key: string): void {
  const rest = lists[key]?.filter((other) => other !== entry) ?? [];
  if (rest.length > 0) lists[key] = rest;
  else delete lists[key];
}
