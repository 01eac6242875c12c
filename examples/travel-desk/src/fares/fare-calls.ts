import axios, { type AxiosInstance } from 'axios';
import { Agent } from 'node:http';

/** Makes the calls of one search. */
export interface FareCalls extends Disposable {
  get(url: string, signal: AbortSignal): Promise<unknown>;
}

/** Through the one client of all searches. */
export const throughClient = (http: AxiosInstance): FareCalls => ({
  get: async (url, signal) => (await http.get<unknown>(url, { signal })).data,
  [Symbol.dispose]() {},
});

/** With a client of its own for each, as it must not be done: nothing bounds the sockets, and none is used twice. */
export function throughClientPerCall(): FareCalls {
  const agents: Agent[] = [];
  return {
    async get(url, signal) {
      const httpAgent = new Agent({ keepAlive: true });
      agents.push(httpAgent);
      return (await axios.create({ httpAgent }).get<unknown>(url, { signal })).data;
    },
    [Symbol.dispose]() {
      for (const agent of agents) agent.destroy(); // people do not, and leak the sockets; the example shall go on
    },
  };
}
