import type { INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { AxiosInstance } from 'axios';
import axiosRetry, { type IAxiosRetryConfigExtended, isNetworkError } from 'axios-retry';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import * as rax from 'retry-axios';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { getHttpClientToken, HttpClientModule, type HttpClientModuleOptions, HttpClients } from '../../src/index.js';
import { failureOf } from '../support/failure-of.js';
import { leaks, secret } from '../support/printed.js';
import { startUpstream, type Upstream } from '../support/upstream.js';

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

const hang: Answer = () => {};
const reset: Answer = (response) => response.socket!.resetAndDestroy();
const status =
  (code: number): Answer =>
  (response) =>
    response.writeHead(code).end('no');

let upstream: Upstream;
let app: INestApplicationContext | undefined;
/** What comes first is for the first; the last for all that follow. */
let answers: Answer[];
let arrived: string[];

beforeEach(async () => {
  arrived = [];
  upstream = await startUpstream((request, response) => void receive(request, response));
});

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url, headers } = request;
  arrived.push([method, url, headers.authorization, await text(request)].join(' '));
  const answer = answers.length > 1 ? answers.shift() : answers[0];
  answer!(response, request);
}

afterEach(async () => {
  await app?.close();
  app = undefined;
  await upstream[Symbol.asyncDispose]();
});

async function start(options: HttpClientModuleOptions = {}): Promise<AxiosInstance> {
  const imports = [HttpClientModule.forRoot({ baseURL: upstream.url, ...options, shutdown: { drainMs: 1 } })];
  const testing = await Test.createTestingModule({ imports }).compile();
  app = await testing.init();
  return app.get(getHttpClientToken());
}

const own = { params: { id: 7 }, headers: { authorization: `Bearer ${secret('authorization')}` } };
const SENT = 'PUT /users?id=7 Bearer SECRET-authorization {"name":"n"}';

interface Failure {
  readonly what: string;
  readonly code: string;
  readonly answer?: Answer;
  readonly options?: HttpClientModuleOptions;
  readonly arrange?: () => void;
  /** False: none of its requests comes to the upstream. */
  readonly arrives?: false;
}

const FAILURES: Failure[] = [
  { what: 'a status of 503', code: 'ERR_BAD_RESPONSE', answer: status(503) },
  { what: 'a reset', code: 'ECONNRESET', answer: reset },
  {
    what: 'headers that do not come',
    code: 'ERR_RESPONSE_TIMEOUT',
    answer: hang,
    options: { timeouts: { responseMs: 50 } },
  },
  {
    what: 'a deadline',
    code: 'ERR_DEADLINE_EXCEEDED',
    answer: hang,
    options: { timeouts: { attemptMs: false }, resilience: { deadlineMs: 50 } },
  },
  {
    what: 'a body that is too large',
    code: 'ERR_BODY_TOO_LARGE',
    answer: (response) => response.end('x'.repeat(100)),
    options: { limits: { maxResponseBytes: 10 } },
  },
  { what: 'a refused connection', code: 'ECONNREFUSED', options: { baseURL: 'http://127.0.0.1:1' }, arrives: false },
  { what: 'an address that is blocked', code: 'ERR_ADDRESS_BLOCKED', options: { guard: true }, arrives: false },
  {
    what: 'an open circuit',
    code: 'ERR_CIRCUIT_OPEN',
    options: { resilience: { breaker: true } },
    arrange: () => app!.get(HttpClients).breakers().isolate(upstream.url),
    arrives: false,
  },
];

describe('axios-retry', () => {
  const stateOf = (config: unknown) => (config as { 'axios-retry': IAxiosRetryConfigExtended })['axios-retry'];

  it.each(FAILURES)(
    'counts and stops after $what',
    async ({ code, answer = hang, options, arrange, arrives = true }) => {
      const http = await start(options);
      answers = [answer];
      arrange?.();
      const told: number[] = [];
      axiosRetry(http, { retries: 2, onRetry: (count) => void told.push(count) });
      const error = await failureOf(http.put('/users', { name: 'n' }, own));
      expect([error.code, told, stateOf(error.config).retryCount]).toEqual([code, [1, 2], 2]);
      expect(arrived).toEqual(arrives ? [SENT, SENT, SENT] : []);
      expect(leaks(error)).toEqual([]);
    },
  );

  it.each<[what: string, first: Answer, options: HttpClientModuleOptions]>([
    ['a reset', reset, {}],
    ['a timeout of ours', hang, { timeouts: { responseMs: 50 } }],
    ['a status, through axios’s own adapter', status(500), { axios: { maxRate: 1_000_000 } }],
  ])('goes on until it succeeds, without another transformRequest: %s', async (_what, first, options) => {
    const http = await start(options);
    http.defaults.transformRequest = [(data: unknown) => JSON.stringify(data)];
    answers = [first, first, (response) => response.end('done')];
    axiosRetry(http, { retries: 3 });
    const response = await http.put('/users', { name: 'n' }, own);
    expect(response.data).toBe('done');
    expect(stateOf(response.config)).toMatchObject({ retries: 3, retryCount: 2 });
    expect(arrived).toEqual([SENT, SENT, SENT]);
  });

  it('takes what a call sets for itself, and what the condition promises', async () => {
    const http = await start();
    answers = [status(400)];
    axiosRetry(http, { retries: 0 });
    const retryCondition = async ({ response }: { response?: unknown }) => response !== undefined;
    await failureOf(http.put('/users', { name: 'n' }, { ...own, 'axios-retry': { retries: 2, retryCondition } }));
    expect(arrived).toEqual([SENT, SENT, SENT]);
  });

  it('has one timeout for all of its attempts, as its default is', async () => {
    const http = await start();
    answers = [status(503)];
    axiosRetry(http, { retries: 3, retryDelay: () => 1_000 });
    const error = await failureOf(http.put('/users', { name: 'n' }, { ...own, timeout: 500 }));
    expect(error.code).toBe('ERR_BAD_RESPONSE');
    expect(arrived).toEqual([SENT]);
  });

  it('leaves a call alone that its caller has aborted', async () => {
    const http = await start();
    answers = [hang];
    const told: number[] = [];
    axiosRetry(http, {
      retries: 2,
      retryCondition: isNetworkError,
      onRetry: (count) => void told.push(count),
    });
    const controller = new AbortController();
    const call = failureOf(http.put('/users', { name: 'n' }, { ...own, signal: controller.signal }));
    await expect.poll(() => arrived.length).toBe(1);
    controller.abort();
    const error = await call;
    expect([error.code, told]).toEqual(['ERR_CANCELED', []]);
    expect(error.config.params).toEqual({ id: 7 });
  });
});

describe('retry-axios', () => {
  const raxConfig = { retry: 2, retryDelay: 1, backoffType: 'static' as const };

  it.each(FAILURES)(
    'counts and stops after $what',
    async ({ code, answer = hang, options, arrange, arrives = true }) => {
      const http = await start(options);
      answers = [answer];
      arrange?.();
      const told: (number | undefined)[] = [];
      rax.attach(http);
      const onRetryAttempt = async (error: unknown) =>
        void told.push(rax.getConfig(error as Parameters<typeof rax.getConfig>[0])?.currentRetryAttempt);
      const error = await failureOf(
        http.put('/users', { name: 'n' }, { ...own, raxConfig: { ...raxConfig, onRetryAttempt } }),
      );
      expect([error.code, told]).toEqual([code, [1, 2]]);
      expect(rax.getConfig(error)).toMatchObject({ currentRetryAttempt: 2, retriesRemaining: 0 });
      expect(rax.getConfig(error)!.errors).toHaveLength(3);
      expect(arrived).toEqual(arrives ? [SENT, SENT, SENT] : []);
      expect(leaks(error)).toEqual([]);
    },
  );

  it('goes on until it succeeds', async () => {
    const http = await start({ timeouts: { responseMs: 50 } });
    answers = [hang, status(503), (response) => response.end('done')];
    rax.attach(http);
    const response = await http.put('/users', { name: 'n' }, { ...own, raxConfig });
    expect(response.data).toBe('done');
    expect(arrived).toEqual([SENT, SENT, SENT]);
  });
});
