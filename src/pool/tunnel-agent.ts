import agentkeepalive from 'agentkeepalive';
import type { Agent, ClientRequest } from 'node:http';
import { Socket } from 'node:net';
import type { AddressGuard } from '../guard/address-guard.js';
import { rememberNames } from './agent-names.js';
import {
  adopt,
  type AgentInternals,
  agentOptions,
  type AgentOwner,
  type AgentSettings,
  type SocketTarget,
} from './owned-agent.js';
import { openTunnel, type TunnelTarget } from './tunnel.js';

const INIT_SOCKET = agentkeepalive.constants.INIT_SOCKET as unknown as symbol;

/** The request that a socket is opened for: `createConnection` is not told. */
const FOR_REQUEST = Symbol('request');

interface RequestedTarget extends TunnelTarget {
  [FOR_REQUEST]?: ClientRequest;
}

/** An agent for https whose sockets are tunnels through a proxy. */
export function createTunnelAgent(proxy: URL, settings: AgentSettings, owner: AgentOwner): Agent {
  const agent = new agentkeepalive.HttpsAgent(Object.assign(agentOptions(settings), settings.tls));
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
  rememberNames(agent);
  adopt(agent, 'https:', settings, owner);
  const internals = agent as unknown as AgentInternals;
  const createSocket = internals.createSocket.bind(agent);
  internals.createSocket = (request, options, callback) =>
    createSocket(request, { ...options, [FOR_REQUEST]: request }, callback);
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
