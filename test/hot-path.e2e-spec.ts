import { HttpService } from '@nestjs/axios';
import { Test, type TestingModule } from '@nestjs/testing';
import { Axios, type AxiosInstance, type AxiosResponse } from 'axios';
import { createHook } from 'node:async_hooks';
import { ClientRequest } from 'node:http';
import { fileURLToPath } from 'node:url';
import { firstValueFrom } from 'rxjs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { getHttpClientToken, HttpClientModule } from '../src/index.js';
import { startUpstream, type Upstream } from './support/upstream.js';

// Results do not tell whether a call took the quick way: a silent fallback costs twice as much, and nobody would notice.

const SOURCES = fileURLToPath(new URL('../src/', import.meta.url));

/** Files of ours in a stack trace, the innermost first. */
function ownFiles(stack: string): string[] {
  const files = stack.split('\n').flatMap((line) => {
    const start = line.indexOf(SOURCES);
    return start === -1 ? [] : line.slice(start + SOURCES.length).replace(/:\d+:\d+\)?$/, '');
  });
  return [...new Set(files)];
}

const stackHere = (): string => new Error('here').stack!;

/** Members of Node's agents that their types leave out. */
interface AgentInternals {
  options: object;
  addRequest(...args: unknown[]): void;
}

let upstream: Upstream;
let app: TestingModule;
let send: Readonly<Record<string, () => Promise<AxiosResponse>>>;

beforeAll(async () => {
  Error.stackTraceLimit = 100;
  upstream = await startUpstream((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end('{"ok":true}');
  });
  app = await Test.createTestingModule({
    imports: [HttpClientModule.forRoot(), HttpClientModule.forFeature([{ name: 'named', baseURL: upstream.url }])],
  }).compile();
  await app.init();
  const client = app.get<AxiosInstance>(getHttpClientToken());
  const named = app.get<AxiosInstance>(getHttpClientToken('named'));
  const http = app.get(HttpService);
  send = {
    GET: () => client.get(upstream.url),
    POST: () => client.post(upstream.url, { a: 1 }),
    request: () => client.request({ url: upstream.url }),
    'HttpService GET': () => firstValueFrom(http.get(upstream.url)),
    'HttpService POST': () => firstValueFrom(http.post(upstream.url, { a: 1 })),
    'a GET of a named client': () => named.get('/path', { params: { q: 1 }, headers: { 'x-own': '1' } }),
    'a GET with resilience of its own': () => client.get(upstream.url, { resilience: { deadlineMs: 5_000 } }),
  };
});

afterAll(async () => {
  await app.close();
  await upstream[Symbol.asyncDispose]();
});

afterEach(() => void vi.restoreAllMocks());

const NAMES = [
  'GET',
  'POST',
  'request',
  'HttpService GET',
  'HttpService POST',
  'a GET of a named client',
  'a GET with resilience of its own',
];

describe.each(NAMES)('%s', (name) => {
  let agent: AgentInternals;

  beforeEach(async () => {
    await send[name]!();
    await new Promise((resolve) => setImmediate(resolve)); // its socket is free
    const { request } = await send[name]!();
    agent = (request as ClientRequest & { agent: AgentInternals }).agent;
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('is prepared: axios merges no config', async () => {
    const request = vi.spyOn(Axios.prototype as unknown as { _request: () => unknown }, '_request');
    expect((await send[name]!()).data).toEqual({ ok: true });
    expect(request).not.toHaveBeenCalled();
  });

  it('takes the fast lane to an idle socket: Node copies no options of the agent', async () => {
    let copies = 0;
    const get = () => void copies++;
    Object.defineProperty(agent.options, 'copied', { enumerable: true, configurable: true, get });
    const { request } = await send[name]!();
    delete (agent.options as { copied?: unknown }).copied;
    expect((request as ClientRequest).reusedSocket).toBe(true);
    expect(copies).toBe(0);
  });
});

it('a call with what only axios can do is left to axios', async () => {
  const request = vi.spyOn(Axios.prototype as unknown as { _request: () => unknown }, '_request');
  const client = app.get<AxiosInstance>(getHttpClientToken());
  const interceptor = client.interceptors.request.use((config) => config);
  await send['GET']!();
  client.interceptors.request.eject(interceptor);
  client.interceptors.request.clear();
  expect(request).toHaveBeenCalledOnce();
});

describe('a default GET', () => {
  beforeEach(async () => {
    for (let i = 0; i < 5; i++) await send['GET']!(); // oxlint-disable-line no-await-in-loop -- one after the other
    await new Promise((resolve) => setImmediate(resolve));
  });

  /** The stack traces of all asynchronous resources of a type that are made during a call. */
  async function madeDuringCall(type: string): Promise<string[]> {
    const stacks: string[] = [];
    const init = (_id: number, made: string) => {
      if (made === type) stacks.push(stackHere());
    };
    const hook = createHook({ init }).enable();
    await send['GET']!();
    await new Promise((resolve) => setImmediate(resolve)); // its socket is free again
    hook.disable();
    return stacks;
  }

  /** Where a trace begins, without what the hook and Node add. */
  function maker(stack: string): string {
    const lines = stack.split('\n').slice(1);
    const own = (line: string) => !line.includes('node:') && !line.includes('hot-path.e2e-spec') && line.includes('/');
    return lines.find(own)?.trim() ?? '';
  }

  // With hooks, V8 makes a promise for each `await`, which it does without otherwise: those count, too.
  it('makes at most 8 promises, besides those of axios, of rxjs and of whoever calls', async () => {
    const ours = (await madeDuringCall('PROMISE')).map(maker).filter((line) => line.includes(SOURCES));
    expect(ours.length).toBeGreaterThan(0);
    expect(ours.length, ours.join('\n')).toBeLessThanOrEqual(8);
  });

  it('sets at most 2 timers, that of the idle socket included', async () => {
    const timers = (await madeDuringCall('Timeout')).filter((stack) => !stack.includes('node:_http_server'));
    expect(timers.length).toBeGreaterThan(0);
    expect(timers.length, timers.join('\n\n')).toBeLessThanOrEqual(2);
  });

  it('passes at most 6 files of ours between the stack of layers and its socket', async () => {
    let stack = '';
    const { onSocket } = ClientRequest.prototype; // oxlint-disable-line typescript/unbound-method -- called with its request
    const reuse = vi.spyOn(ClientRequest.prototype, 'onSocket').mockImplementation(function given(
      this: ClientRequest,
      socket,
    ) {
      stack = stackHere();
      onSocket.call(this, socket);
    });
    await send['GET']!();
    expect(reuse).toHaveBeenCalledOnce();
    const files = ownFiles(stack);
    expect(files.slice(0, files.indexOf('client/stack.ts') + 1)).toEqual([
      'pool/fast-lane.ts',
      'transport/node-engine.ts',
      'transport/exchange.ts',
      'transport/attempt.ts',
      'call/compose.ts',
      'client/stack.ts',
    ]);
  });
});
