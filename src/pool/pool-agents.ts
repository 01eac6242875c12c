import type { Agent } from 'node:http';
import type { Socket } from 'node:net';
import { type Agents, createAgents } from './agents.js';
import type { AgentOwner, AgentSettings } from './owned-agent.js';
import { createTunnelAgent } from './tunnel-agent.js';

/** The agents of a pool, and the sockets that lie idle in them. */
export class PoolAgents implements Agents {
  readonly httpAgent: Agent;
  readonly httpsAgent: Agent;
  /** Proxy → the agent whose sockets are tunnels through it. */
  readonly #tunnels = new Map<string, Agent>();
  /** For sockets to proxies, where those of the other agents are guarded. */
  #toProxies: Agents | undefined;
  readonly #settings: AgentSettings;
  readonly #owner: AgentOwner;

  constructor(settings: AgentSettings, owner: AgentOwner) {
    this.#settings = settings;
    this.#owner = owner;
    const { httpAgent, httpsAgent } = createAgents(settings, owner);
    this.httpAgent = httpAgent;
    this.httpsAgent = httpsAgent;
  }

  tunnelAgent(proxy: URL): Agent {
    let agent = this.#tunnels.get(proxy.href);
    if (!agent) {
      agent = createTunnelAgent(proxy, this.#settings, this.#owner);
      this.#tunnels.set(proxy.href, agent);
    }
    return agent;
  }

  proxyAgent(secure: boolean): Agent {
    const { addressGuard } = this.#settings;
    if (addressGuard) this.#toProxies ??= createAgents({ ...this.#settings, addressGuard: undefined }, this.#owner);
    const { httpAgent, httpsAgent } = this.#toProxies ?? this;
    return secure ? httpsAgent : httpAgent;
  }

  /** All of them. */
  list(): readonly Agent[] {
    const { httpAgent, httpsAgent } = this;
    const toProxies = this.#toProxies ? [this.#toProxies.httpAgent, this.#toProxies.httpsAgent] : [];
    return [httpAgent, httpsAgent, ...toProxies, ...this.#tunnels.values()];
  }

  /** Closes the idle socket that can best be done without: of the origin with the most, the one that has been idle for longest. */
  closeOneIdle(): void {
    const [most] = this.#idleSockets().toSorted((a, b) => b.length - a.length);
    most?.[0]?.destroy();
  }

  closeIdle(): void {
    for (const sockets of this.#idleSockets()) for (const socket of sockets) socket.destroy();
  }

  /** Closes every socket. */
  destroy(): void {
    for (const agent of this.list()) agent.destroy();
  }

  /** By agent and by what its sockets may be exchanged for, the longest idle first. */
  #idleSockets(): Socket[][] {
    return this.list().flatMap(({ freeSockets }) =>
      Object.values(freeSockets).map((sockets = []) => sockets.filter(({ destroyed }) => !destroyed)),
    );
  }
}
