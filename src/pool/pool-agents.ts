import agentkeepalive from 'agentkeepalive';
import type { Agent } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { adopt, agentOptions, type AgentOwner, type AgentSettings, guardConnections, isOutdated } from './agents.js';
import { closeIdleSocket } from './early-end.js';
import { forgetNames, openFastLane } from './fast-lane.js';
import type { TlsMaterial } from './tls-files.js';
import { Sessions } from './http2/sessions.js';
import { type Alpn, createTunnelAgent } from './tunnel.js';

const CREATE_HTTPS_CONNECTION = agentkeepalive.constants.CREATE_HTTPS_CONNECTION as unknown as symbol;

export interface Agents {
  readonly httpAgent: Agent;
  readonly httpsAgent: Agent;
}

/** What begins the name of an engine whose sockets may carry HTTP/2: as far as TLS agrees to it, or in any case. */
export const HTTP2 = 'h2 ';
export const ONLY_HTTP2 = 'h2c ';

function alpnOf(engine: string | undefined): Alpn | undefined {
  if (engine?.startsWith(HTTP2)) return { ALPNProtocols: ['h2', 'http/1.1'] };
  return engine?.startsWith(ONLY_HTTP2) ? { ALPNProtocols: ['h2'] } : undefined;
}

function createAgents(settings: AgentSettings, owner: AgentOwner, alpn?: Alpn): Agents {
  const httpAgent = new agentkeepalive.HttpAgent(agentOptions(settings));
  const httpsAgent = new agentkeepalive.HttpsAgent(Object.assign(agentOptions(settings), settings.tls.current, alpn));
  openFastLane(httpAgent);
  openFastLane(httpsAgent);
  followHttps(httpsAgent);
  const { addressGuard } = settings;
  if (addressGuard) for (const agent of [httpAgent, httpsAgent]) guardConnections(agent, addressGuard);
  adopt(httpAgent, 'http:', settings, owner);
  adopt(httpsAgent, 'https:', settings, owner);
  return { httpAgent, httpsAgent };
}

/** agentkeepalive keeps the `createConnection` that `https.Agent` had when it was loaded; whoever observes sockets may replace it later. */
function followHttps(agent: Agent): void {
  const createConnection = (...args: unknown[]): unknown =>
    (https.Agent.prototype as unknown as { createConnection: AnyFunction }).createConnection.apply(agent, args);
  Object.assign(agent, { [CREATE_HTTPS_CONNECTION]: createConnection });
}

type AnyFunction = (...args: unknown[]) => unknown;

/** A call names its proxy, credentials included, as it likes: rotating proxies have a user name for each session. */
const MAX_TUNNEL_AGENTS = 100;

/** The agents of a pool, and the sockets that lie idle in them. */
export class PoolAgents implements Agents {
  readonly httpAgent: Agent;
  readonly httpsAgent: Agent;
  /** Engine, proxy with its credentials → the agent whose sockets are tunnels through it, the one asked for last at the end. */
  readonly #tunnels = new Map<string, Agent>();
  /** Engine → the agents for its sockets; those of `node:http` are the two above. */
  readonly #ofEngines = new Map<string, Agents>();
  /** Engine → the agents for its sockets to proxies, where those of the other agents are guarded. */
  readonly #toProxies = new Map<string | undefined, Agents>();
  /** Undefined while no client uses HTTP/2. */
  #sessions: Sessions | undefined;
  readonly #tls: { current: TlsMaterial };
  readonly #settings: AgentSettings;
  readonly #owner: AgentOwner;

  constructor({ tls, ...settings }: Omit<AgentSettings, 'tls'> & { readonly tls: TlsMaterial }, owner: AgentOwner) {
    this.#tls = { current: tls };
    this.#settings = { ...settings, tls: this.#tls };
    this.#owner = owner;
    const { httpAgent, httpsAgent } = createAgents(this.#settings, owner);
    this.httpAgent = httpAgent;
    this.httpsAgent = httpsAgent;
  }

  agentFor(secure: boolean, engine: string): Agent {
    const { httpAgent, httpsAgent } = this.#agentsOf(engine);
    return secure ? httpsAgent : httpAgent;
  }

  #agentsOf(engine: string): Agents {
    return remembered(this.#ofEngines, engine, () => this.#create(engine, this.#settings));
  }

  #create(engine: string | undefined, settings: AgentSettings): Agents {
    const alpn = alpnOf(engine);
    const agents = createAgents(settings, this.#owner, alpn);
    if (alpn) for (const agent of [agents.httpAgent, agents.httpsAgent]) this.#share(agent);
    return agents;
  }

  /** How many sockets there are is for the sessions to say. */
  #share(agent: Agent): void {
    if (!this.#sessions) {
      const { clock, pool } = this.#settings;
      const sharingChanged = (origin: string) => this.#owner.sharingChanged(origin);
      this.#sessions = new Sessions({ clock, maxSockets: pool.maxSockets, sharingChanged });
      this.#owner.shares(this.#sessions);
    }
    this.#sessions.adopt(agent);
    agent.maxSockets = Infinity;
  }

  tunnelAgent(proxy: URL, engine?: string): Agent {
    const key = engine === undefined ? proxy.href : `${engine} ${proxy.href}`;
    const agent = this.#tunnels.get(key) ?? this.#createTunnelAgent(proxy, key, alpnOf(engine));
    this.#tunnels.delete(key);
    this.#tunnels.set(key, agent);
    if (this.#tunnels.size > MAX_TUNNEL_AGENTS) this.#forgetUnused(agent);
    return agent;
  }

  proxyAgent(secure: boolean, engine?: string): Agent {
    const { httpAgent, httpsAgent } = this.#toProxiesOf(engine);
    return secure ? httpsAgent : httpAgent;
  }

  #toProxiesOf(engine: string | undefined): Agents {
    const settings = this.#settings;
    if (!settings.addressGuard) return engine === undefined ? this : this.#agentsOf(engine);
    return remembered(this.#toProxies, engine, () => this.#create(engine, { ...settings, addressGuard: undefined }));
  }

  /**
   * Has new sockets use this; it has the options that were there before. Sockets that were opened with others are not used again: an
   * upstream that has a key revoked is not to see it any more, and all that an idle socket is good for is a handshake saved.
   */
  useTls(material: TlsMaterial): void {
    this.#tls.current = material;
    for (const agent of this.list() as readonly (Agent & { readonly protocol: string; readonly options: object })[]) {
      if (agent.protocol !== 'https:') continue;
      Object.assign(agent.options, material);
      forgetNames(agent); // certificates are part of them
    }
    this.closeIdle((socket) => isOutdated(socket, this.#settings));
  }

  /** All of them. */
  list(): readonly Agent[] {
    const { httpAgent, httpsAgent } = this;
    const more = [...this.#ofEngines.values(), ...this.#toProxies.values()];
    return [
      httpAgent,
      httpsAgent,
      ...more.flatMap((two) => [two.httpAgent, two.httpsAgent]),
      ...this.#tunnels.values(),
    ];
  }

  /**
   * Closes the idle socket that can best be done without: of the origin (or of its address) with the most, the one that has been idle for longest.
   * @param isMeant which sockets can be
   */
  closeOneIdle(isMeant: (socket: Socket) => boolean = () => true): void {
    const meant = this.#idleSockets().map((sockets) => sockets.filter((socket) => isMeant(socket)));
    const [most] = meant.toSorted((a, b) => b.length - a.length);
    if (most?.[0]) closeAtOnce(most[0]);
  }

  /**
   * Closes idle sockets: all of them, or those that are meant.
   * @returns how many
   */
  closeIdle(isMeant: (socket: Socket) => boolean = () => true): number {
    const meant = this.#idleSockets()
      .flat()
      .filter((socket) => isMeant(socket));
    for (const socket of meant) closeAtOnce(socket);
    return meant.length;
  }

  /** Closes every socket. */
  destroy(): void {
    for (const agent of this.list()) agent.destroy();
  }

  #createTunnelAgent(proxy: URL, key: string, alpn: Alpn | undefined): Agent {
    const owner: AgentOwner = {
      opening: (...target) => this.#owner.opening(...target),
      opened: (...socket) => this.#owner.opened(...socket),
      // One that is forgotten, and used all the same by who has asked for it before, keeps nothing that nobody would close.
      keepsSocket: (socket) => this.#tunnels.get(key) === agent && this.#owner.keepsSocket(socket),
      shares: (sharing) => this.#owner.shares(sharing),
      sharingChanged: (origin) => this.#owner.sharingChanged(origin),
    };
    const agent = createTunnelAgent(proxy, this.#settings, owner, alpn);
    if (alpn) this.#share(agent);
    return agent;
  }

  /** The longest unused ones first. Those in use, which are no more than there are exchanges, stay until they are not. */
  #forgetUnused(newest: Agent): void {
    for (const [key, agent] of this.#tunnels) {
      if (this.#tunnels.size <= MAX_TUNNEL_AGENTS) return;
      if (agent === newest || isInUse(agent)) continue;
      this.#tunnels.delete(key);
      agent.destroy();
    }
  }

  /** By agent and by what its sockets may be exchanged for, the longest idle first. */
  #idleSockets(): Socket[][] {
    return this.list().flatMap(({ freeSockets }) =>
      Object.values(freeSockets).map((sockets = []) => sockets.filter(({ destroyed }) => !destroyed)),
    );
  }
}

/** Node would hand it out until it is closed; one with a session takes a moment to say goodbye, and counts no longer. */
function closeAtOnce(socket: Socket): void {
  closeIdleSocket(socket);
  socket.emit('agentRemove');
}

function remembered<Key, Value>(known: Map<Key, Value>, key: Key, create: () => Value): Value {
  const value = known.get(key) ?? create();
  known.set(key, value);
  return value;
}

function isInUse({ sockets, requests }: Agent): boolean {
  return Object.keys(sockets).length > 0 || Object.keys(requests).length > 0;
}
