import { Injectable } from '@nestjs/common';
import axios, { type AxiosInstance, type AxiosResponse } from 'axios';
import { InjectHttpClient } from 'nest-outbound';
import { Agent } from 'node:http';
import { CONNECTION_HEADER, EmbeddedUpstream, ORDINAL_HEADER } from '../upstreams/pages/embedded-upstream.js';
import type { ManyCalls } from './many-calls.js';

@Injectable()
export class ManyCallsService {
  constructor(
    @InjectHttpClient() private readonly http: AxiosInstance,
    private readonly upstream: EmbeddedUpstream,
  ) {}

  /** Pages 1 to n at once, through the one client of the app. */
  async withSharedClient(n: number): Promise<ManyCalls> {
    return this.#fetchAll(n, true, (url) => this.http.get(url));
  }

  /** The same with a client of its own for each request, as it must not be done. */
  async withClientPerRequest(n: number): Promise<ManyCalls> {
    const agents: Agent[] = [];
    try {
      return await this.#fetchAll(n, false, (url) => {
        const httpAgent = new Agent({ keepAlive: true });
        agents.push(httpAgent);
        return axios.create({ httpAgent }).get(url);
      });
    } finally {
      for (const agent of agents) agent.destroy(); // people do not, and leak the sockets; the example shall go on
    }
  }

  async #fetchAll(n: number, shared: boolean, get: (url: string) => Promise<AxiosResponse>): Promise<ManyCalls> {
    const startedAt = performance.now();
    const urls = Array.from({ length: n }, (_, index) => `${this.upstream.url}/pages/${index + 1}`);
    const responses = await Promise.all(urls.map(get));
    return {
      shared,
      elapsedMs: Math.round(performance.now() - startedAt),
      socketsUsed: new Set(responses.map(({ headers }) => headers[CONNECTION_HEADER])).size,
      socketsOpened: responses.filter(({ headers }) => headers[ORDINAL_HEADER] === '1').length,
      pages: responses.map(({ data }) => data),
    };
  }
}
