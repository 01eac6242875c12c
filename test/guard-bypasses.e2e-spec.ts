import { AxiosError } from 'axios';
import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ResolveHost } from '../src/guard/address-guard.js';
import { AddressBlockedError } from '../src/index.js';
import { canParse } from '../src/base/can-parse.js';
import { BYPASS_ZONE, BYPASSES } from './support/bypasses.js';
import { guardedClient, type GuardedClient } from './support/guarded-client.js';
import { startUpstream, type Upstream } from './support/upstream.js';

const resolve: ResolveHost = (host, _, callback) => {
  const found = BYPASS_ZONE[host]?.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  if (found) callback(null, found);
  else callback(Object.assign(new Error(`no ${host} in the zone`), { code: 'ENOTFOUND' }), []);
};

const attempts = Object.entries(BYPASSES).flatMap(([source, rules]) =>
  Object.entries(rules).flatMap(([rule, urls]) => urls.map((url) => [rule, url, source] as const)),
);
const validOnes = attempts.filter(([rule]) => rule !== 'invalid URL');

/** The rule that refuses a call, or that there is no such URL. */
async function refusal(call: Promise<unknown>): Promise<unknown> {
  const error: unknown = await call.then(
    () => 'answered',
    (reason: unknown) => reason,
  );
  if (error instanceof AddressBlockedError) return error.rule;
  const { code } = error as AxiosError;
  return code === 'ERR_INVALID_URL' ? 'invalid URL' : error;
}

let guarded: GuardedClient;
let redirecting: Upstream;
let redirectTo: string;
let fromRedirect: GuardedClient;
const connect = vi.spyOn(Socket.prototype, 'connect');

beforeAll(async () => {
  guarded = guardedClient({ guard: true }, resolve);
  redirecting = await startUpstream((request, response) => {
    request.resume();
    response.writeHead(307, { location: redirectTo }).end();
  });
  const port = Number(new URL(redirecting.url).port);
  const trusted: ResolveHost = (host, options, callback) =>
    host === 'start.test' ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : resolve(host, options, callback);
  fromRedirect = guardedClient({ guard: { allowHosts: ['start.test'], allowPorts: [80, 443, port] } }, trusted);
});
afterAll(async () => {
  connect.mockRestore();
  await guarded[Symbol.asyncDispose]();
  await fromRedirect[Symbol.asyncDispose]();
  await redirecting[Symbol.asyncDispose]();
});

it('are 150 and more', () => {
  expect(new Set(attempts.map(([, url]) => url)).size).toBe(attempts.length);
  expect(attempts.length).toBeGreaterThan(150);
});

describe('no connection is made', () => {
  it.each(attempts)('by a call, refused as %s: %j (%s)', async (rule, url) => {
    connect.mockClear();
    expect(await refusal(guarded.client.get(url))).toBe(rule);
    // A socket that waits for DNS is made, but one to an address is not.
    const isName = canParse(url) && Object.hasOwn(BYPASS_ZONE, new URL(url).hostname);
    if (!isName) expect(connect).not.toHaveBeenCalled();
  });

  it.each(attempts)('by a call that axios sends, refused as %s: %j (%s)', async (rule, url) => {
    expect(await refusal(guarded.client.post(url, Readable.from(['x'])))).toBe(rule);
  });

  it.each(validOnes)('by a redirect, refused as %s: %j (%s)', async (rule, url) => {
    redirectTo = new URL(url).href;
    const start = redirecting.url.replace('127.0.0.1', 'start.test');
    const refused = await refusal(fromRedirect.client.get(start));
    // axios's own error for a redirect to a scheme that it does not have
    if (rule === 'scheme') expect(refused).toMatchObject({ code: 'ERR_FR_REDIRECTION_FAILURE' });
    else expect(refused).toBe(rule);
  });
});
