import { Module } from '@nestjs/common';
import type { AxiosInstance, AxiosResponse } from 'axios';
import { spawnSync } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import { type Agent, ClientRequest, maxHeaderSize } from 'node:http';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { getHttpClientToken, HttpClientModule, HttpClients, HttpModule, type Transport } from '../src/index.js';
import { startAppContext } from './support/app-context.js';
import { startHoldingUpstream } from './support/holding-upstream.js';
import { startTransport } from './support/start-transport.js';
import { startUpstream } from './support/upstream.js';

type EngineName = 'node:http' | 'undici';

const engineOf = ({ request }: AxiosResponse): EngineName =>
  request instanceof ClientRequest ? 'node:http' : 'undici';

/** undici carries no request with this header. */
const WITH_NODE = { headers: { 'keep-alive': 'timeout=60' } };

/** Modules as they are installed → what takes their place: none, or code. */
const hooks = (code: string | undefined) => `
  export async function resolve(name, context, next) {
    if (name !== 'undici') return next(name, context);
    ${code === undefined ? "throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });" : `return { url: ${JSON.stringify(`data:text/javascript,${code}`)}, shortCircuit: true };`}
  }`;

const APP = `
  import { register } from 'node:module';
  import { NestFactory } from '@nestjs/core';
  import { HttpClientModule, InvalidOptionsError } from 'nest-outbound';
  register('data:text/javascript,' + encodeURIComponent(process.env.HOOKS));
  const boot = (options) => {
    class AppModule {}
    Reflect.defineMetadata('imports', [HttpClientModule.forRoot(options)], AppModule);
    return NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  };
  await (await boot({})).close();
  for (const options of [{ engine: 'undici' }, { origins: { 'https://a.example': { engine: 'undici' } } }]) {
    const error = await boot(options).catch((reason) => reason);
    console.log(error instanceof InvalidOptionsError, error.message.replaceAll('\\n', ' '));
  }`;

/** What an app prints that cannot load `undici`, or loads this in its place. */
function appWith(undici: string | undefined): string {
  const env = { ...process.env, HOOKS: hooks(undici) };
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const args = ['--input-type=module', '--eval', APP];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd, env, encoding: 'utf8' });
  return stdout + stderr;
}

describe('engine', () => {
  it('is node:http where nothing else is said', async () => {
    await using upstream = await startUpstream();
    const { client } = await startAppContext();
    expect(engineOf(await client.get(upstream.url))).toBe('node:http');
  });

  it('is what the module says, but for the named clients and the origins that have another', async () => {
    await using usual = await startUpstream();
    await using legacy = await startUpstream();
    const { app, client } = await startAppContext(
      { engine: 'undici', origins: { [legacy.url]: { engine: 'node:http' } } },
      { imports: [HttpClientModule.forFeature([{ name: 'same' }, { name: 'own', engine: 'node:http' }])] },
    );
    const named = (name: string) => app.get<AxiosInstance>(getHttpClientToken(name), { strict: false });
    const engines = async (caller: AxiosInstance) => [
      engineOf(await caller.get(usual.url)),
      engineOf(await caller.get(legacy.url)),
    ];
    expect(await engines(client)).toEqual(['undici', 'node:http']);
    expect(await engines(named('same'))).toEqual(['undici', 'node:http']);
    expect(await engines(named('own'))).toEqual(['node:http', 'node:http']);
  });

  it('and http2 may be set by an HttpModule, and explain() says who has set them', async () => {
    await using upstream = await startUpstream();
    @Module({ imports: [HttpModule.register({ engine: 'undici', http2: false })] })
    class Legacy {}
    const { app } = await startAppContext(
      { engine: 'undici', http2: true },
      { imports: [Legacy, HttpClientModule.forFeature({ name: 'other' })] },
    );
    const clients = app.get(HttpClients);
    expect(engineOf(await clients.get('HttpModule(Legacy)').get(upstream.url))).toBe('undici');
    expect(clients.explain('HttpModule(Legacy)').options).toMatchObject({
      engine: { value: 'undici', from: 'client "HttpModule(Legacy)"' },
      http2: { value: false, from: 'client "HttpModule(Legacy)"' },
    });
    expect(clients.explain('other').options).toMatchObject({
      engine: { value: 'undici', from: 'module' },
      http2: { value: true, from: 'module' },
    });
  });

  it('may be undici for one origin only', async () => {
    await using usual = await startUpstream();
    await using busy = await startUpstream();
    const { client } = await startAppContext({ origins: { [busy.url]: { engine: 'undici' } } });
    expect(engineOf(await client.get(usual.url))).toBe('node:http');
    expect(engineOf(await client.get(busy.url))).toBe('undici');
  });
});

it.each(['node:http', 'undici'] as const)('a TLS handshake that fails is a failed write: %s', async (engine) => {
  await using upstream = await startUpstream(); // without TLS
  const { client } = startTransport({ engine });
  await expect(client.get(upstream.url.replace('http:', 'https:'))).rejects.toMatchObject({ code: 'EPROTO' });
});

describe('an app that asks for undici', () => {
  it('does not start where that is not installed, and says what to install', () => {
    const lines = appWith(undefined).trim().split('\n');
    expect(lines).toEqual(
      Array(2).fill(expect.stringMatching(/^true .*engine: .*npm install undici@7, or @8 for Node 22/)),
    );
  });

  it('does not start where that is too old', () => {
    const lines = appWith('export class Client {}').trim().split('\n');
    expect(lines).toEqual(
      Array(2).fill(expect.stringMatching(/^true .*engine: .*undici, version 7 or 8, got an older one/)),
    );
  });
});

describe('a pool whose sockets are used by both engines', () => {
  it('gives none of one engine to the other, and counts them together', async () => {
    await using upstream = await startUpstream();
    const { client, transport } = startTransport({ engine: 'undici' });
    const engines: EngineName[] = [];
    for (const config of [{}, WITH_NODE, {}, WITH_NODE]) engines.push(engineOf(await client.get(upstream.url, config)));
    expect(engines).toEqual(['undici', 'node:http', 'undici', 'node:http']);
    expect(transport.pool.stats().origins[upstream.url]).toMatchObject({ created: 2, reused: 2, idle: 2, active: 0 });
  });

  it('opens no more than maxSockets to an origin, idle ones included', async () => {
    await using upstream = await startUpstream();
    const { client, transport } = startTransport({ engine: 'undici', pool: { maxSockets: 2 } });
    const get = (config: object) => client.get<{ path: string }>(upstream.url, config);
    for (const mix of [
      [{}, {}],
      [WITH_NODE, WITH_NODE],
      [{}, WITH_NODE, {}],
      [WITH_NODE, WITH_NODE, {}],
    ]) {
      await Promise.all(mix.map(get)); // oxlint-disable-line no-await-in-loop -- each finds what the one before has left
      const { idle, active } = transport.pool.stats().origins[upstream.url]!;
      expect(idle + active).toBeLessThanOrEqual(2);
    }
  });

  it('opens no more than maxTotalSockets, and answers every call', async () => {
    await using one = await startUpstream();
    await using other = await startUpstream();
    const { client, transport } = startTransport({ engine: 'undici', pool: { maxSockets: 3, maxTotalSockets: 4 } });
    let most = 0;
    const ask = async (n: number): Promise<string> => {
      const { data } = await client.get<{ path: string }>(
        `${n % 2 ? one.url : other.url}/${n}`,
        n % 3 ? {} : WITH_NODE,
      );
      const { idle, active } = transport.pool.stats().total;
      most = Math.max(most, idle + active);
      return data.path;
    };
    const calls = Array.from({ length: 200 }, (_, n) => ask(n));
    expect(await Promise.all(calls)).toEqual(calls.map((_, n) => `/${n}`));
    expect(most).toBe(4);
  });

  it('makes calls of both wait in one queue', async () => {
    await using holding = await startHoldingUpstream(1);
    const { client, transport } = startTransport({ engine: 'undici', pool: { maxSockets: 1 } });
    const calls = [{}, WITH_NODE, {}].map((config) => client.get(holding.upstream.url, config));
    await holding.allHeld;
    expect(transport.pool.stats().total).toMatchObject({ active: 1, queued: 2 });
    holding.release();
    expect((await Promise.all(calls)).map(engineOf)).toEqual(['undici', 'node:http', 'undici']);
  });

  it('drains both: waits for what is under way, and closes every socket', async () => {
    await using holding = await startHoldingUpstream(2);
    const { client, transport } = startTransport({ engine: 'undici' });
    await Promise.all([{}, WITH_NODE].map((config) => client.get(`${holding.upstream.url}/second`, config)));
    const calls = [{}, WITH_NODE].map((config) => client.get(holding.upstream.url, config));
    await holding.allHeld;
    expect(transport.pool.stats().total).toMatchObject({ active: 2, created: 2 });
    const drained = transport.pool.drain();
    holding.release();
    expect((await Promise.all(calls)).map(engineOf)).toEqual(['undici', 'node:http']);
    await drained;
    expect(await transport.close()).toMatchObject({ aborted: 0 });
    expect(transport.pool.stats()).toMatchObject({ state: 'closed', inFlight: 0, total: { active: 0, idle: 0 } });
  });
});

describe('a socket that undici is done with', () => {
  const idleOf = ({ pool }: Transport) => pool.stats().total.idle;

  it('is idle without the listeners of Node and agentkeepalive, unless somebody else listens, too', async () => {
    await using upstream = await startUpstream();
    const { client, transport } = startTransport({ engine: 'undici' });
    const { socket } = (await client.get(upstream.url)).request as { socket: Socket };
    await expect.poll(() => idleOf(transport)).toBe(1);
    const freed = vi.fn();
    socket.on('free', freed);
    await client.get(upstream.url);
    await expect.poll(() => idleOf(transport)).toBe(1);
    expect(freed).not.toHaveBeenCalled();
    const agent = transport.pool.agentFor(false, `undici:${maxHeaderSize}`) as Agent & EventEmitter;
    agent.on('free', () => {});
    await client.get(upstream.url);
    await expect.poll(() => idleOf(transport)).toBe(1);
    expect(freed).toHaveBeenCalledOnce();
    expect(upstream.connections).toBe(1);
  });

  it('is closed where there are as many idle ones as there may be', async () => {
    await using upstream = await startUpstream();
    const { client, transport } = startTransport({ engine: 'undici', pool: { maxFreeSockets: 1 } });
    for (let round = 0; round < 3; round++) {
      await Promise.all([1, 2, 3].map(() => client.get(upstream.url))); // oxlint-disable-line no-await-in-loop -- one round after the other
      await expect.poll(() => transport.pool.stats().total).toMatchObject({ idle: 1, active: 0 }); // oxlint-disable-line no-await-in-loop
    }
  });

  it('is not given out any more once it has failed', async () => {
    await using upstream = await startUpstream();
    const { client, transport } = startTransport({ engine: 'undici' });
    await client.get(upstream.url);
    const { socket } = (await client.get(upstream.url)).request as { socket: Socket };
    await expect.poll(() => idleOf(transport)).toBe(1);
    socket.destroy(new Error('failed'));
    expect((await client.get(upstream.url)).timings?.reusedSocket).toBe(false);
    expect(transport.pool.stats().total).toMatchObject({ created: 2 });
  });

  it('is closed when its pool drains', async () => {
    await using upstream = await startUpstream();
    const { client, transport } = startTransport({ engine: 'undici' });
    for (let i = 0; i < 3; i++) await client.get(upstream.url); // oxlint-disable-line no-await-in-loop -- on one socket
    await expect.poll(() => idleOf(transport)).toBe(1);
    const last = client.get(upstream.url);
    await transport.pool.drain();
    await last;
    await expect.poll(() => transport.pool.stats().total).toMatchObject({ idle: 0, active: 0, closed: 1 });
  });
});
