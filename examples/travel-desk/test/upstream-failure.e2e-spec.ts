import axios, { type AxiosInstance } from 'axios';
import { createTransport, type TransportOptions } from 'nest-outbound';
import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { upstreamFailure } from '../src/failures/upstream-failure.js';
import { startRawUpstream } from './support/raw-upstream.js';

/** What a client with these options fails with, at an upstream that behaves like this. */
async function failureOf(
  options: TransportOptions,
  behave: (socket: Socket) => void,
  fail: (client: AxiosInstance, port: number) => Promise<unknown>,
) {
  await using raw = await startRawUpstream(behave);
  const transport = createTransport({ ...options, shutdown: { drainMs: 1 } });
  const error = await fail(axios.create({ adapter: transport }), raw.port).catch((reason: unknown) => reason);
  await transport.close();
  return { name: (error as Error).name, status: upstreamFailure(error, `http://127.0.0.1:${raw.port}`).getStatus() };
}

const silent = () => {};
const get = (client: AxiosInstance, port: number) => client.get(`http://127.0.0.1:${port}/`);
const getTwice = (client: AxiosInstance, port: number) => Promise.all([get(client, port), get(client, port)]);
const getThrice = (client: AxiosInstance, port: number) => Promise.all([getTwice(client, port), get(client, port)]);

it('takes a TLS handshake that does not end for a timeout', async () => {
  const handshake = (client: AxiosInstance, port: number) => client.get(`https://127.0.0.1:${port}/`);
  const failure = await failureOf({ timeouts: { connectMs: 50 } }, silent, handshake);
  expect(failure).toEqual({ name: 'ConnectTimeoutError', status: 504 });
});

it('takes response headers that do not come for a timeout', async () => {
  const failure = await failureOf({ timeouts: { responseMs: 50 } }, silent, get);
  expect(failure).toEqual({ name: 'ResponseTimeoutError', status: 504 });
});

it('takes a body that falls silent for a timeout', async () => {
  const half = (socket: Socket) => socket.write('HTTP/1.1 200 OK\r\n\r\nhalf');
  const failure = await failureOf({ timeouts: { bodyIdleMs: 50 } }, half, get);
  expect(failure).toEqual({ name: 'BodyTimeoutError', status: 504 });
});

it('takes a socket that does not become free for a timeout', async () => {
  const failure = await failureOf({ pool: { maxSockets: 1 }, timeouts: { poolWaitMs: 50 } }, silent, getTwice);
  expect(failure).toEqual({ name: 'PoolTimeoutError', status: 504 });
});

it('asks to come back later when too many calls wait already', async () => {
  const failure = await failureOf({ pool: { maxSockets: 1, maxQueued: 1 } }, silent, getThrice);
  expect(failure).toEqual({ name: 'PoolQueueFullError', status: 503 });
});

it('takes an answer that is too large for a bad one', async () => {
  const large = (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nlarge');
  const failure = await failureOf({ limits: { maxResponseBytes: 4 } }, large, get);
  expect(failure).toEqual({ name: 'BodyTooLargeError', status: 502 });
});

it('takes what it does not know for a bad gateway', () => {
  const failure = upstreamFailure(new Error('SECRET'), 'http://127.0.0.1:1/?token=SECRET');
  expect(failure.getResponse()).toEqual({
    statusCode: 502,
    message: '127.0.0.1:1 gave no valid answer',
    error: 'Bad Gateway',
  });
});
