import { Controller, Get, type INestApplication, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import axios, { type AxiosInstance } from 'axios';
import { Agent } from 'node:http';
import request from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ConnectionPool, getConnectionPoolToken, HttpClientModule, InjectHttpClient } from '../src/index.js';
import { startUpstream, type Upstream } from './support/upstream.js';

const CONCURRENCY = 10;

@Controller()
class Pages {
  constructor(@InjectHttpClient() private readonly http: AxiosInstance) {}

  /** Ten pages at once. */
  @Get('pages')
  async pages(): Promise<unknown[]> {
    const responses = await Promise.all(Array.from({ length: CONCURRENCY }, (_, n) => this.http.get(`/page/${n}`)));
    return responses.map(({ data }) => data);
  }
}

describe('sockets', () => {
  let upstream: Upstream;
  let app: INestApplication;

  beforeEach(async () => {
    upstream = await startUpstream();

    @Module({ imports: [HttpClientModule.forRoot({ baseURL: upstream.url })], controllers: [Pages] })
    class AppModule {}

    const testing = await Test.createTestingModule({ imports: [AppModule] }).compile();
    app = await testing.createNestApplication().init();
  });

  afterEach(async () => {
    await app.close();
    await upstream[Symbol.asyncDispose]();
  });

  it('are as many as the concurrency of the first calls, and 100 more calls open none', async () => {
    await request(app.getHttpServer()).get('/pages').expect(200);
    expect(upstream.connections).toBe(CONCURRENCY);

    for (let round = 0; round < 10; round++) {
      const { body } = await request(app.getHttpServer()).get('/pages').expect(200);
      expect(body).toHaveLength(CONCURRENCY);
    }
    expect(upstream.requests).toBe(110);
    expect(upstream.connections).toBe(CONCURRENCY);
    expect(app.get<ConnectionPool>(getConnectionPoolToken()).stats().total).toMatchObject({
      active: 0,
      idle: CONCURRENCY,
      created: CONCURRENCY,
      reused: 100,
    });
  });

  it('are one for each request where a client is made per request', async () => {
    const agents: Agent[] = [];
    for (let n = 0; n < 20; n++) {
      const httpAgent = new Agent({ keepAlive: true });
      agents.push(httpAgent);
      await axios.create({ httpAgent }).get(`${upstream.url}/page/${n}`);
    }
    expect(upstream.connections).toBe(20);
    for (const agent of agents) agent.destroy();
  });

  it('are all closed once the app is', async () => {
    await request(app.getHttpServer()).get('/pages').expect(200);
    await app.close();
    expect(app.get<ConnectionPool>(getConnectionPoolToken()).stats().total).toMatchObject({
      active: 0,
      idle: 0,
      closed: CONCURRENCY,
    });
  });
});
