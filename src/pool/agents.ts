import agentkeepalive from 'agentkeepalive';
import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { ResolvedPoolOptions } from '../options/resolve-options.js';
import type { TlsOptions } from '../options/http-client-options.js';
import { idleAllowance } from '../policies/idle-allowance.js';
import { openTunnel } from './tunnel.js';

const INIT_SOCKET = agentkeepalive.constants.INIT_SOCKET as unknown as symbol;
const SOCKET_CREATED_TIME: unique symbol = agentkeepalive.constants.SOCKET_CREATED_TIME as never;

/** The request that a socket is opened for: `createConnection` is not told. */
const FOR_REQUEST = Symbol('request');

/** ±10 % of the maximum age, so that sockets opened together do not all reconnect together. */
const AGE_SPREAD = 0.1;

/** What an agent tells, and asks, the pool that owns it. */
export interface AgentOwner {
  /** A socket was opened. */
  opened(socket: Socket, target: SocketTarget, protocol: string): void;
  /** Whether a socket whose response has ended may wait for the next request. */
  keepsSockets(): boolean;
}

/** Where a socket leads, as Node's Agent describes it to `createConnection`. */
export interface SocketTarget {
  host?: string | null;
  port?: number | string | null;
  socketPath?: string | null;
  /** The agent's key for the sockets that may be exchanged for this one. */
  _agentKey?: string;
  [FOR_REQUEST]?: ClientRequest;
}

/** Members of agents and sockets that agentkeepalive documents or Node sets, but their types leave out. */
interface AgentInternals {
  removeSocket(socket: Socket, target: SocketTarget): void;
  createSocket(request: ClientRequest, options: object, callback: unknown): void;
  createConnection(target: SocketTarget, callback: (error: unknown, socket?: Socket) => void): Socket | undefined;
  keepSocketAlive(socket: PooledSocket): boolean;
}
interface PooledSocket extends Socket {
  /** agentkeepalive: overrides the agent's option for this socket. */
  freeSocketTimeout?: number;
  /** agentkeepalive: milliseconds since the epoch. */
  [SOCKET_CREATED_TIME]?: number;
  _httpMessage?: ClientRequest & { res?: IncomingMessage };
}

const connecting = new WeakSet<ClientRequest>();

/** Whether a socket is being opened for a request, rather than waited for. From then on, it also emits `connecting`. */
export const isConnecting = (request: ClientRequest): boolean => connecting.has(request);

export interface AgentSettings {
  readonly pool: ResolvedPoolOptions;
  readonly tls: TlsOptions;
  /** A number from 0 to 1, as `Math.random`. */
  readonly random: () => number;
}

export interface Agents {
  readonly httpAgent: Agent;
  readonly httpsAgent: Agent;
}

export function createAgents(settings: AgentSettings, owner: AgentOwner): Agents {
  const options = agentOptions(settings);
  const httpAgent = new agentkeepalive.HttpAgent(options);
  const httpsAgent = new agentkeepalive.HttpsAgent({ ...options, ...settings.tls });
  adopt(httpAgent, 'http:', settings, owner);
  adopt(httpsAgent, 'https:', settings, owner);
  return { httpAgent, httpsAgent };
}

/** An agent for https whose sockets are tunnels through a proxy. */
export function createTunnelAgent(proxy: URL, settings: AgentSettings, owner: AgentOwner): Agent {
  const agent = new agentkeepalive.HttpsAgent({ ...agentOptions(settings), ...settings.tls });
  const initSocket = (agent as unknown as Record<symbol, (socket: Socket, target: SocketTarget) => void>)[INIT_SOCKET]!;
  (agent as unknown as AgentInternals).createConnection = (target, callback) => {
    const release = holdPlace(agent, target);
    openTunnel(proxy, target[FOR_REQUEST]!, target).then(
      (duplex) => {
        const socket = duplex as Socket;
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
  adopt(agent, 'https:', settings, owner);
  return agent;
}

/**
 * Node counts a socket when it is there, so while tunnels are being opened it would open any number. A place is held for
 * each until then, as agent-base does.
 * @returns gives the place up; if it failed, to the next request in the queue
 */
function holdPlace(agent: Agent, target: SocketTarget): (failed: boolean) => void {
  const place = new Socket();
  const { _agentKey: key = '' } = target;
  const counted = agent as unknown as { sockets: Record<string, Socket[]>; totalSocketCount: number };
  (counted.sockets[key] ??= []).push(place);
  counted.totalSocketCount++;
  return (failed) => {
    if (failed) {
      (agent as unknown as AgentInternals).removeSocket(place, target);
      return;
    }
    counted.sockets[key] = counted.sockets[key]!.filter((socket) => socket !== place);
    counted.totalSocketCount--;
  };
}

function agentOptions({ pool }: AgentSettings) {
  return {
    keepAlive: true,
    maxSockets: pool.maxSockets,
    maxFreeSockets: pool.maxFreeSockets,
    freeSocketTimeout: pool.idleMs,
    socketActiveTTL: pool.maxAgeMs || 0,
    // agentkeepalive would cut sockets in use after 8 s of silence; how long to wait for an answer is the call's to say.
    timeout: 0,
  };
}

function adopt(agent: Agent, protocol: string, { pool, random }: AgentSettings, owner: AgentOwner): void {
  const internals = agent as unknown as AgentInternals;
  const createSocket = internals.createSocket.bind(agent);
  const createConnection = internals.createConnection.bind(agent);
  const keepSocketAlive = internals.keepSocketAlive.bind(agent);
  const opened = (socket: PooledSocket, target: SocketTarget) => {
    owner.opened(socket, target, protocol);
    if (pool.maxAgeMs === false) return;
    // agentkeepalive knows one age for all sockets; shifting the birth of each gives it its own.
    socket[SOCKET_CREATED_TIME]! += (random() * 2 - 1) * AGE_SPREAD * pool.maxAgeMs;
  };
  Object.assign(agent, {
    createSocket(request, options, callback) {
      connecting.add(request);
      request.emit('connecting');
      createSocket(request, { ...options, [FOR_REQUEST]: request }, callback);
    },
    createConnection(target, callback) {
      let known = false; // agentkeepalive hands a socket over by callback, by return, or both ways
      const tell = (socket: Socket | undefined) => {
        if (socket && !known) opened(socket, target);
        known ||= socket !== undefined;
      };
      const socket = createConnection(target, (error, handedOver) => {
        tell(handedOver);
        callback(error, handedOver);
      });
      tell(socket);
      return socket;
    },
    keepSocketAlive(socket) {
      const idleMs = idleAllowance(socket._httpMessage?.res?.headers['keep-alive']?.toString(), pool.idleMs);
      if (idleMs === 0 || !owner.keepsSockets()) return false;
      socket.freeSocketTimeout = idleMs;
      return keepSocketAlive(socket);
    },
  } satisfies Omit<AgentInternals, 'removeSocket'>);
  // agentkeepalive's listener, which has just run, limits the silence of every freed socket to the idle time: also of
  // one that Node has handed to a queued request, which would then be cut. Node clears _httpMessage of idle ones only.
  // https://github.com/node-modules/agentkeepalive/issues/106
  agent.on('free', (socket: PooledSocket) => {
    if (socket._httpMessage) socket.setTimeout(0);
  });
}
