import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { buffer, json } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RawUpstream, startRawUpstream } from './support/raw-upstream.js';
import { type RunningApp, startApp } from './support/running-app.js';

let running: RunningApp;
let agent: Agent;

beforeEach(async () => {
  running = await startApp();
  running.server.keepAliveTimeout = 0; // for ever: whoever waits for it does not finish in time
  agent = new Agent({ keepAlive: true });
});
afterEach(async () => {
  agent.destroy();
  await running.app.close();
});

/** Sends a request over a keep-alive connection. */
async function send(path: string): Promise<IncomingMessage> {
  const [response] = await once(get({ port: running.port, path, agent }), 'response');
  return response;
}

describe('with a request under way', () => {
  let upstream: RawUpstream;
  let upstreamSocket: Socket | undefined;
  let answer: Promise<IncomingMessage>;
  let closed: Promise<void>;

  beforeEach(async () => {
    upstreamSocket = undefined;
    upstream = await startRawUpstream((socket) => {
      upstreamSocket = socket;
    });
    answer = send(`/call-external?url=http://127.0.0.1:${upstream.port}/`);
    await expect.poll(() => upstreamSocket).toBeDefined();
    closed = running.app.close();
    await expect.poll(() => running.pool.state).toBe('draining');
  });
  afterEach(() => upstream[Symbol.asyncDispose]());

  it('answers it, then closes without waiting for its keep-alive connection', async () => {
    upstreamSocket!.end('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone');
    const response = await answer;
    expect(response.statusCode).toBe(200);
    expect(response.headers.connection).toBe('close');
    expect(await json(response)).toEqual({ result: 'done', status: 200 });
    await closed;
  });

  it('closes the connection after an error, too', async () => {
    upstreamSocket!.resetAndDestroy();
    const response = await answer;
    expect(response.statusCode).toBe(502);
    expect(response.headers.connection).toBe('close');
    response.resume();
    await closed;
  });

  it.each([
    ['/call-many', 200],
    ['/call-external', 400],
    ['/nowhere', 404],
  ])('still answers %s, and closes its connection', async (path, status) => {
    const response = await send(path);
    expect(response.statusCode).toBe(status);
    expect(response.headers.connection).toBe('close');
    response.resume();
    upstreamSocket!.destroy();
    (await answer).resume();
    await closed;
  });
});

it('closes although a connection has never carried a request', async () => {
  const unused = connect(running.port, '127.0.0.1');
  await once(running.server, 'connection');
  const ended = once(unused, 'close');
  await running.app.close();
  await ended;
});

it('closes although a connection is idle', async () => {
  await json(await send('/pool'));
  await running.app.close();
});

it('sends a body to its end whose headers were sent before, then closes', async () => {
  const response = await send('/docs/swagger-ui-bundle.js');
  const closed = running.app.close();
  expect((await buffer(response)).length).toBe(Number(response.headers['content-length']));
  await closed;
});
