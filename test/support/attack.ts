import axios, { AxiosError, type AxiosRequestConfig, type AxiosResponse } from 'axios';
import type { Socket } from 'node:net';
import { expect } from 'vitest';
import { createTransport, HttpClientError, type TransportOptions } from '../../src/index.js';
import { startRawUpstream } from './raw-upstream.js';

export const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

/** For an attempt, in milliseconds. */
const TIMEOUT = 600;

/** Limits so tight that what would never end does, and one socket, so that one that is not given back is missed. */
export const TIGHT = {
  timeouts: { poolWaitMs: 1_000, connectMs: 1_000, responseMs: 150, bodyIdleMs: 150, readerIdleMs: 150 },
  limits: { maxResponseBytes: 1_000_000 },
  redirects: { max: 5, allowDowngrade: false },
  pool: { maxSockets: 1 },
} as const satisfies TransportOptions;

export function startClient(options: TransportOptions = {}) {
  const transport = createTransport({ ...TIGHT, ...options });
  return { transport, client: axios.create({ adapter: transport, timeout: TIMEOUT }) };
}

export interface Outcome {
  readonly error?: AxiosError;
  readonly response?: AxiosResponse;
  /** Whether the next call was given the socket of the attack. */
  readonly socketWasReused: boolean;
  /** The heads of the requests that the upstream received before the next call. */
  readonly heads: readonly string[];
}

/**
 * Makes a call to an upstream that answers it as given, then an ordinary one, which must go well, and closes. However the first ended:
 * with a typed error or a response, and with nothing left.
 */
export async function attack(
  answer: string | Buffer | ((socket: Socket, head: string) => void),
  config: AxiosRequestConfig = {},
  options: TransportOptions = {},
): Promise<Outcome> {
  const heads: string[] = [];
  await using upstream = await startRawUpstream((socket, head) => {
    const isNext = head.startsWith('GET /ok ');
    if (!isNext) heads.push(head);
    if (isNext) socket.write(OK);
    else if (typeof answer === 'function') answer(socket, head);
    else socket.write(answer);
  });
  const { transport, client } = startClient(options);
  const [result] = await Promise.allSettled([client.request({ baseURL: upstream.url, url: '/', ...config })]);
  expect(transport.pool.stats()).toMatchObject({ inFlight: 0, total: { queued: 0 } });
  const received = [...heads];
  expect((await client.get(`${upstream.url}/ok`)).data).toBe('ok');
  const { created } = transport.pool.stats().total;
  await transport.close();
  expect(transport.pool.stats()).toMatchObject({
    inFlight: 0,
    total: { active: 0, idle: 0, queued: 0, closed: created },
  });
  const socketWasReused = created === 1;
  if (result.status === 'fulfilled') return { response: result.value, socketWasReused, heads: received };
  expectTyped(result.reason);
  return { error: result.reason, socketWasReused, heads: received };
}

/** An AxiosError with a code, or one of ours: nothing that only a look into the message tells apart. */
export function expectTyped(error: unknown): asserts error is AxiosError {
  expect(axios.isAxiosError(error), String(error)).toBe(true);
  expect((error as AxiosError).code).toMatch(/^[A-Z][A-Z\d_]+$/);
  expect(error).toSatisfy((it) => it instanceof AxiosError || it instanceof HttpClientError);
}
