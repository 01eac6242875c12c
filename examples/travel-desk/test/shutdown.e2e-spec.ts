import { type Held, hold, reset, startUpstream, text, type Upstream, type UpstreamReply } from 'nest-outbound/testing';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { buffer, json } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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
  let upstream: Upstream;
  let held: Held;
  let answer: Promise<IncomingMessage>;
  let closed: Promise<void>;

  beforeEach(async () => {
    upstream = await startUpstream();
  });
  afterEach(() => upstream.close());

  /** Has the app begin to close while the upstream holds back what it answers. */
  async function closeBefore(reply: UpstreamReply): Promise<void> {
    held = hold(reply);
    upstream.on('/', held);
    answer = send(`/call-external?url=${upstream.url}`);
    await held.arrived();
    closed = running.app.close();
    await expect.poll(() => running.pool.state).toBe('draining');
  }

  it('answers it, then closes without waiting for its keep-alive connection', async () => {
    await closeBefore(text('done'));
    held.release();
    const response = await answer;
    expect(response.statusCode).toBe(200);
    expect(response.headers.connection).toBe('close');
    expect(await json(response)).toEqual({ result: 'done', status: 200 });
    await closed;
  });

  it('closes the connection after an error, too', async () => {
    await closeBefore(reset());
    held.release();
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
    await closeBefore(text('done'));
    const response = await send(path);
    expect(response.statusCode).toBe(status);
    expect(response.headers.connection).toBe('close');
    response.resume();
    held.release();
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
