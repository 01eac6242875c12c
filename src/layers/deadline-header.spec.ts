import { AxiosHeaders, type AxiosResponse } from 'axios';
import { expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import { type Call, createCall, deriveCall } from '../call/call.js';
import { deadlineHeader } from './deadline.js';

const HEADER = 'x-request-timeout-ms';

function setUp() {
  const clock = new ManualClock();
  let passed!: Call;
  const handle = deadlineHeader(
    { header: HEADER, to: new Set(['http://a.example']) },
    clock,
  )(async (call) => {
    passed = call;
    return {} as AxiosResponse;
  });
  const send = async (call: Call) => {
    await handle(call);
    return passed;
  };
  return { clock, send };
}

function callOf(deadline: number, url = 'http://a.example/', headers = {}): Call {
  return deriveCall(createCall({ url, headers: new AxiosHeaders(headers) }, 'default'), { deadline });
}

it('tells what is left of the deadline, in whole milliseconds, for each attempt anew', async () => {
  const { clock, send } = setUp();
  const call = callOf(1_000);
  expect((await send(call)).config.headers[HEADER]).toBe('1000');
  clock.tick(250.25);
  expect((await send(call)).config.headers[HEADER]).toBe('749');
  expect(call.config.headers.has(HEADER)).toBe(false);
});

it.each([Infinity, 1e21, 2 ** 31])('tells nothing of a deadline of %d, which no timer takes', async (deadline) => {
  const { send } = setUp();
  expect((await send(callOf(deadline))).config.headers.has(HEADER)).toBe(false);
});

it('never tells nothing or less, which would be no deadline', async () => {
  const { clock, send } = setUp();
  const call = callOf(1_000);
  for (const ms of [999.5, 0.5, 5]) {
    clock.tick(ms);
    // oxlint-disable-next-line no-await-in-loop -- time goes on
    expect((await send(call)).config.headers[HEADER]).toBe('1');
  }
});

it.each([
  ['a call without deadline', callOf(Infinity)],
  ['another origin', callOf(1_000, 'http://b.example/')],
])('tells %s nothing', async (_, call) => {
  expect(await setUp().send(call)).toBe(call);
});

it('leaves a header that the call sets itself', async () => {
  const { config } = await setUp().send(callOf(1_000, undefined, { 'X-Request-Timeout-Ms': '5' }));
  expect(config.headers.toJSON()).toEqual({ 'X-Request-Timeout-Ms': '5' });
});
