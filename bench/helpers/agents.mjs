import { HttpAgent, HttpsAgent } from 'agentkeepalive';

/** agentkeepalive's agents, their caps as those of every other contender. */
export function createAgents({ maxSockets }) {
  const options = { maxSockets, maxFreeSockets: maxSockets };
  return { http: new HttpAgent(options), https: new HttpsAgent(options) };
}

export function destroyAgents({ http, https }) {
  http.destroy();
  https.destroy();
}
