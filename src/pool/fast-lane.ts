import http, { type Agent, type ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import { ADDRESS, type Address } from './addresses/address.js';
import { type LaneAgent, type LaneKeeper, type LaneRequest, type LaneSocket, LaneSockets } from './lane-sockets.js';
import { countReuse } from './socket-requests.js';
import { resetAsyncId } from './async-hooks.js';

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
interface AgentInternals extends LaneAgent {
  addRequest(request: AgentRequest, options: RequestParts): void;
  getName(parts: RequestParts): string;
  destroy(): void;
  reuseSocket(socket: Socket, request: LaneRequest): void;
  scheduling: Scheduling;
  [OPEN_LANE]?: FastLane;
}
type AgentRequest = LaneRequest & Pick<ClientRequest, 'getHeader'> & { readonly timeout?: number };

/** Key of an agent: its lane. */
const OPEN_LANE = Symbol('open lane');

const MAX_NAMES = 1_000;

/** Agent → origin → the name that its last request had. */
const namesOf = new WeakMap<Agent, Map<string, KnownName>>();

/** An agent has other options now: sockets from before may not be exchanged for those that it opens from now on. */
export function forgetNames(agent: Agent): void {
  namesOf.get(agent)?.clear();
}

/**
 * Has an agent keep sockets that the lane takes back, which its event `free` tells nobody of: whoever listens to that by now is told otherwise.
 * @param keeper who is asked, and told
 */
export function keepInLane(agent: Agent, keeper: LaneKeeper): void {
  (agent as unknown as AgentInternals)[OPEN_LANE]?.sockets.keepWith(keeper);
}

/**
 * Gives a request an idle socket of an agent without what agents do for others: without options, events, timers and `ref`, which is then up to
 * whoever asks. `giveBack` is the way back.
 * @param origin what the request is for, or its lane to one address of it
 * @param host its Host header
 * @returns whether there was one
 */
export function takeIdleSocket(
  agent: Agent,
  request: LaneRequest,
  origin: string,
  host: string,
  family: number | undefined,
  scheduling: Scheduling | undefined,
): boolean {
  const internals = agent as unknown as AgentInternals;
  const lane = internals[OPEN_LANE];
  // Somebody may want to see every request, or have a socket for it.
  if (!lane || internals.addRequest !== lane.addRequest) return false;
  return lane.give(request, origin, host, family, scheduling);
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
  const lane = new FastLane(agent as unknown as AgentInternals);
  namesOf.set(agent, lane.names);
  Object.assign(agent, {
    [OPEN_LANE]: lane,
    getName: (parts: RequestParts) => lane.nameOf(parts),
    addRequest: lane.addRequest,
    destroy: lane.destroy,
  });
}

class FastLane {
  /** Origin → the name that its last request had. */
  readonly names = new Map<string, KnownName>();
  readonly sockets: LaneSockets;
  readonly #agent: AgentInternals;
  readonly #prototype: AgentInternals;
  readonly #getName: AgentInternals['getName'];

  constructor(agent: AgentInternals) {
    this.#agent = agent;
    this.#prototype = Object.getPrototypeOf(agent) as AgentInternals;
    this.#getName = this.#prototype.getName; // oxlint-disable-line typescript/unbound-method -- only to compare with
    this.sockets = new LaneSockets(agent);
  }

  nameOf(parts: RequestParts): string {
    const { _agentKey, [ORIGIN]: origin, family, servername } = parts;
    if (_agentKey !== undefined) return _agentKey;
    if (origin === undefined) return this.#prototype.getName.call(this.#agent, parts);
    const known = this.names.get(origin);
    if (known && known.family === family && known.servername === servername) return known.name;
    const plain = this.#prototype.getName.call(this.#agent, parts);
    const address = parts[ADDRESS];
    const name = address ? `${plain}:${address.name}` : plain; // sockets to one are not for another
    if (this.names.size === MAX_NAMES) this.names.clear();
    this.names.set(origin, { family, servername, name, host: undefined });
    return name;
  }

  readonly addRequest = (request: AgentRequest, options: RequestParts): void => {
    const agent = this.#agent;
    const { [ORIGIN]: origin, [SCHEDULING]: wanted, family } = options;
    const host = request.getHeader('host');
    const known = request.timeout === undefined ? this.#known(origin, host, family) : undefined;
    const socket = known && takeIdle(agent, known.name, wanted);
    if (socket) {
      resetAsyncId(socket);
      if (this.sockets.isKept(socket)) {
        socket.ref();
        request.reusedSocket = true;
        countReuse(socket);
      } else agent.reuseSocket(socket, request); // it was given back in Node's way
      this.sockets.given(socket, known.name);
      this.sockets.hearOfFree(socket);
      request.onSocket(socket); // last: it may give it back at once
      return;
    }
    addInOrder(agent, wanted, () => this.#prototype.addRequest.call(agent, request, options));
    const now = origin === undefined ? undefined : this.names.get(origin);
    if (now) now.host = host;
  };

  readonly destroy = (): void => {
    this.sockets.forgetDue();
    this.#prototype.destroy.call(this.#agent);
  };

  give(
    request: LaneRequest,
    origin: string,
    host: string,
    family: number | undefined,
    scheduling: Scheduling | undefined,
  ): boolean {
    const agent = this.#agent;
    const known = this.#known(origin, host, family);
    const socket = known && takeIdle(agent, known.name, scheduling);
    if (!socket) return false;
    if (!this.sockets.reuse(socket, request)) {
      resetAsyncId(socket); // it was given back in Node's way
      agent.reuseSocket(socket, request);
    }
    this.sockets.given(socket, known.name);
    request.onSocket(socket); // last: it may give it back at once
    return true;
  }

  /** The name of sockets that are for a request. Whoever replaces the methods of agents, as tracers do, wants to see it. */
  #known(origin: string | undefined, host: unknown, family: unknown): KnownName | undefined {
    const known = origin === undefined ? undefined : this.names.get(origin);
    if (!known || known.family !== family || known.host !== host) return undefined;
    const isOpen = isNodes && this.#prototype.addRequest === asLoaded && this.#prototype.getName === this.#getName;
    return isOpen ? known : undefined;
  }
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
function takeIdle(agent: AgentInternals, name: string, wanted: Scheduling | undefined): LaneSocket | undefined {
  const { freeSockets, scheduling } = agent;
  const idle = freeSockets[name];
  if (!idle) return undefined;
  let socket: LaneSocket | undefined;
  do socket = (wanted ?? scheduling) === 'fifo' ? idle.shift() : idle.pop();
  while (socket?.destroyed);
  if (idle.length === 0) delete freeSockets[name];
  return socket;
}
