import agentkeepalive from 'agentkeepalive';
import type { Agent } from 'node:http';
import https from 'node:https';
import { rememberNames } from './agent-names.js';
import { guardConnections } from './guarded-agent.js';
import { adopt, agentOptions, type AgentOwner, type AgentSettings } from './owned-agent.js';

const CREATE_HTTPS_CONNECTION = agentkeepalive.constants.CREATE_HTTPS_CONNECTION as unknown as symbol;

export interface Agents {
  readonly httpAgent: Agent;
  readonly httpsAgent: Agent;
}

export function createAgents(settings: AgentSettings, owner: AgentOwner): Agents {
  const httpAgent = new agentkeepalive.HttpAgent(agentOptions(settings));
  const httpsAgent = new agentkeepalive.HttpsAgent(Object.assign(agentOptions(settings), settings.tls));
  rememberNames(httpsAgent);
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
