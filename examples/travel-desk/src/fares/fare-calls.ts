import axios, { type AxiosInstance } from 'axios';
import { Agent } from 'node:http';

/** Whose clients make the calls of one search. */
export interface FareCalls extends Disposable {
  client(): AxiosInstance;
}

/** The one client of all searches. */
export const throughClient = (http: AxiosInstance): FareCalls => ({ client: () => http, [Symbol.dispose]() {} });

/** A client for each call, as it must not be done: nothing bounds the sockets, and none is used twice. */
export function throughClientPerCall(): FareCalls {
  const agents: Agent[] = [];
  return {
    client() {
      const httpAgent = new Agent({ keepAlive: true });
      agents.push(httpAgent);
      return axios.create({ httpAgent });
    },
    [Symbol.dispose]() {
      for (const agent of agents) agent.destroy(); // people do not, and leak the sockets; the example shall go on
    },
  };
}
