import agentkeepalive from 'agentkeepalive';
import http, { type Agent, type ClientRequest } from 'node:http';
import { Socket } from 'node:net';
import { ADDRESS, type Address } from './addresses/address.js';

/** Key of a request option: the origin that the request is for, or its lane to one address of it. */
export const ORIGIN = Symbol('origin');

/** Key of a request option: which idle socket the request gets, where that is not as the agent has it. */
export const SCHEDULING = Symbol('scheduling');

/** Which idle socket is used first: the one that was used last, or the one that was used longest ago. */
export type Scheduling = 'lifo' | 'fifo';

/** Which socket of an origin a request wants. */
export interface SocketWish {
  /** Where the origin has several to choose from. */
  readonly address?: Address | undefined;
  /** Undefined: as the pool has it. */
  readonly scheduling?: Scheduling | undefined;
}

/** The options that tell apart requests to one origin. */
interface RequestParts {
  readonly [ORIGIN]?: string;
  readonly [SCHEDULING]?: Scheduling | undefined;
  readonly [ADDRESS]?: Address | undefined;
  readonly family?: unknown;
  readonly servername?: string;
  /** Options of a socket: the name that Node has given to it. */
  readonly _agentKey?: string;
}

/** A name of Node's: sockets with the same name may be exchanged for one another. */
interface KnownName {
  readonly name: string;
  readonly family: unknown;
  readonly servername: string | undefined;
  /** The Host header of the requests with this name: Node takes `servername` from it. */
  host: unknown;
}

/** Members of Node's agents and requests that their types leave out. */
interface AgentInternals {
  addRequest(request: AgentRequest, options: RequestParts): void;
  getName(parts: RequestParts): string;
  reuseSocket(socket: Socket, request: ClientRequest): void;
  readonly sockets: Record<string, Socket[] | undefined>;
  readonly freeSockets: Record<string, IdleSocket[] | undefined>;
  readonly requests: Readonly<Record<string, unknown>>;
  readonly maxSockets: number;
  readonly maxFreeSockets: number;
  scheduling: Scheduling;
  keepSocketAlive(socket: Socket): boolean;
  listenerCount(event: 'free'): number;
  /** agentkeepalive's: responses that have ended. */
  requestCount: number;
}
type AgentRequest = ClientRequest & { onSocket(socket: Socket): void; readonly timeout?: number };

interface SocketHandle {
  asyncReset?(resource: object): void;
  getProviderType(): number;
  getAsyncId(): number;
}
type IdleSocket = Socket & { readonly _handle?: SocketHandle | null; [asyncId: symbol]: unknown };

/** Key of a socket that the lane has given out: the way back. */
const LANE = Symbol('lane');
/** Key of such a socket: its name. */
const NAME = Symbol('name');
type GivenSocket = IdleSocket & {
  _httpMessage?: unknown;
  [LANE]?: Lane;
  [NAME]?: string;
  [FINISHED]?: number;
};

/** agentkeepalive's: the responses that have ended on a socket. */
const FINISHED: unique symbol = agentkeepalive.constants.SOCKET_REQUEST_FINISHED_COUNT as never;

const MAX_NAMES = 1_000;

/** Agent → origin → the name that its last request had. */
const namesOf = new WeakMap<Agent, Map<string, KnownName>>();

/** An agent has other options now: sockets from before may not be exchanged for those that it opens from now on. */
export function forgetNames(agent: Agent): void {
  namesOf.get(agent)?.clear();
}

/** Agent → its lane. */
const lanes = new WeakMap<Agent, Lane>();

/** Whoever listens to an agent's `free` by now hears of what the lane takes back: `noteIdle` is told in place of them. */
export function hearOfIdle(agent: Agent, noteIdle: (socket: Socket) => void): void {
  lanes.get(agent)?.hear(noteIdle);
}

/**
 * Gives back a socket whose response has ended, of which nothing is left to be read. One that the lane has not given out, and one that is not to be
 * kept, goes Node's way.
 */
export function giveBack(socket: Socket): void {
  if (socket.destroyed) return;
  const lane = (socket as GivenSocket)[LANE];
  if (!lane?.takeBack(socket as GivenSocket)) socket.emit('free');
}

/** Node's, unless somebody has replaced it before this was loaded. */
// oxlint-disable-next-line typescript/unbound-method -- only to compare with
const { addRequest: asLoaded } = http.Agent.prototype as unknown as AgentInternals;
const isNodes = String(asLoaded).includes('asyncResetHandle');

/**
 * Makes an agent give idle sockets to requests without the work that Node does to find one. Node copies all options of the request and of
 * the agent, and builds a name from them, certificates included: 7 us for http, 16 for https, 24 with a CA. The lane is for requests
 * that say their origin; all others, and those that need a new socket, take Node's way.
 */
export function openFastLane(agent: Agent): void {
  const internals = agent as unknown as AgentInternals;
  const prototype = Object.getPrototypeOf(agent) as AgentInternals;
  const { getName } = prototype; // oxlint-disable-line typescript/unbound-method -- only to compare with
  /** Whoever replaces these, as tracers do, wants to see every request. */
  const isOpen = () => isNodes && prototype.addRequest === asLoaded && prototype.getName === getName;
  const names = new Map<string, KnownName>();
  namesOf.set(agent, names);
  const lane = new Lane(internals);
  lanes.set(agent, lane);
  Object.assign(agent, {
    getName(parts: RequestParts): string {
      const { _agentKey, [ORIGIN]: origin, family, servername } = parts;
      if (_agentKey !== undefined) return _agentKey;
      if (origin === undefined) return prototype.getName.call(agent, parts);
      const known = names.get(origin);
      if (known && known.family === family && known.servername === servername) return known.name;
      const plain = prototype.getName.call(agent, parts);
      const address = parts[ADDRESS];
      const name = address ? `${plain}:${address.name}` : plain; // sockets to one are not for another
      if (names.size === MAX_NAMES) names.clear();
      names.set(origin, { family, servername, name, host: undefined });
      return name;
    },
    addRequest(request: AgentRequest, options: RequestParts): void {
      const { [ORIGIN]: origin, [SCHEDULING]: wanted, family } = options;
      const host = request.getHeader('host');
      const known = origin === undefined ? undefined : names.get(origin);
      const isKnown = known !== undefined && known.family === family && known.host === host;
      const socket =
        isKnown && request.timeout === undefined && isOpen() ? takeIdle(internals, known.name, wanted) : undefined;
      if (socket) {
        reuse(internals, socket, request, known!.name);
        lane.given(socket, known!.name);
        return;
      }
      addInOrder(internals, wanted, () => prototype.addRequest.call(agent, request, options));
      const now = origin === undefined ? undefined : names.get(origin);
      if (now) now.host = host;
    },
  });
}

/** Node chooses the socket while the request is added, by what the agent says. */
function addInOrder(agent: AgentInternals, wanted: Scheduling | undefined, add: () => void): void {
  const { scheduling } = agent;
  agent.scheduling = wanted ?? scheduling;
  try {
    add();
  } finally {
    agent.scheduling = scheduling;
  }
}

/** The socket that Node would take, but none that is about to say that it is closed. */
function takeIdle(agent: AgentInternals, name: string, wanted: Scheduling | undefined): IdleSocket | undefined {
  const { freeSockets, scheduling } = agent;
  const idle = freeSockets[name];
  if (!idle) return undefined;
  let socket: IdleSocket | undefined;
  do socket = (wanted ?? scheduling) === 'fifo' ? idle.shift() : idle.pop();
  while (socket?.destroyed);
  if (idle.length === 0) delete freeSockets[name];
  return socket;
}

/** As Node does it: https://github.com/nodejs/node/blob/v20.20.2/lib/_http_agent.js, `addRequest`. */
function reuse(agent: AgentInternals, socket: IdleSocket, request: AgentRequest, name: string): void {
  resetAsyncId(socket);
  agent.reuseSocket(socket, request);
  request.onSocket(socket);
  (agent.sockets[name] ??= []).push(socket);
}

/** Node's name for the resource of one more request on a socket: async hooks see it. */
class ReusedHandle {
  constructor(
    readonly type: number,
    readonly handle: object,
  ) {}
}

const ASYNC_ID = Object.getOwnPropertySymbols(new Socket()).find(
  ({ description }) => description === 'async_id_symbol',
);

/** From here on the socket runs in the async context of the request. */
function resetAsyncId(socket: IdleSocket): void {
  const handle = socket._handle;
  if (typeof handle?.asyncReset !== 'function') return;
  handle.asyncReset(new ReusedHandle(handle.getProviderType(), handle));
  if (ASYNC_ID) socket[ASYNC_ID] = handle.getAsyncId();
}

/** An idle socket that fails is not to be given out any more. */
function closeIfIdle(this: GivenSocket): void {
  if (this._httpMessage) return;
  this.destroy();
  this.emit('agentRemove');
}

/** The way back of sockets that were given out: what Node and agentkeepalive do for the event `free`, without its six listeners. */
class Lane {
  readonly #agent: AgentInternals;
  #noteIdle: ((socket: Socket) => void) | undefined;
  #listeners = 0;

  constructor(agent: AgentInternals) {
    this.#agent = agent;
  }

  given(socket: GivenSocket, name: string): void {
    if (!socket[LANE]) socket.on('error', closeIfIdle);
    socket[LANE] = this;
    socket[NAME] = name;
  }

  hear(noteIdle: (socket: Socket) => void): void {
    this.#noteIdle = noteIdle;
    this.#listeners = this.#agent.listenerCount('free');
  }

  /**
   * As Node does it: https://github.com/nodejs/node/blob/v20.20.2/lib/_http_agent.js, `this.on('free', …)`.
   * @returns whether it is idle now; false: nothing has been done
   */
  takeBack(socket: GivenSocket): boolean {
    const agent = this.#agent;
    const { sockets, freeSockets, maxSockets, maxFreeSockets } = agent;
    const name = socket[NAME]!;
    const inUse = sockets[name];
    if (!inUse || !this.#noteIdle || agent.listenerCount('free') !== this.#listeners) return false;
    for (const waiting in agent.requests) if (waiting) return false;
    const idle = freeSockets[name] ?? [];
    if (!socket.writable || idle.length + inUse.length > maxSockets || idle.length >= maxFreeSockets) return false;
    if (!agent.keepSocketAlive(socket)) return false;
    inUse.splice(inUse.lastIndexOf(socket), 1);
    if (inUse.length === 0) delete sockets[name];
    freeSockets[name] = idle;
    idle.push(socket);
    if (ASYNC_ID) socket[ASYNC_ID] = -1;
    socket._httpMessage = null;
    socket[FINISHED]!++;
    agent.requestCount++;
    this.#noteIdle(socket);
    return true;
  }
}
