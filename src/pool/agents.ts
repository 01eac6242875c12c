import agentkeepalive from 'agentkeepalive';
import type { Agent } from 'node:http';
import { rememberNames } from './agent-names.js';
import { guardConnections } from './guarded-agent.js';
import { adopt, agentOptions, type AgentOwner, type AgentSettings } from './owned-agent.js';

export interface Agents {
  readonly httpAgent: Agent;
  readonly httpsAgent: Agent;
}

export function createAgents(settings: AgentSettings, owner: AgentOwner): Agents {
  const httpAgent = new agentkeepalive.HttpAgent(agentOptions(settings));
  const httpsAgent = new agentkeepalive.HttpsAgent(Object.assign(agentOptions(settings), settings.tls));
  rememberNames(httpsAgent);
  const { addressGuard } = settings;
  if (addressGuard) for (const agent of [httpAgent, httpsAgent]) guardConnections(agent, addressGuard);
  adopt(httpAgent, 'http:', settings, owner);
  adopt(httpsAgent, 'https:', settings, owner);
  return { httpAgent, httpsAgent };
}
