import { afterEach, beforeEach, expect, it } from 'vitest';
import { type RunningApp, startApp } from './support/running-app.js';

let running: RunningApp;

beforeEach(async () => {
  running = await startApp({ attemptMs: 60_000 }); // however slow the machine
});
afterEach(() => running.app.close());

it('fetches ten pages at once, in order', async () => {
  const { body } = await running.get('/call-many').expect(200);
  expect(body).toMatchObject({ shared: true, socketsUsed: 10, socketsOpened: 10 });
  expect(body.pages.map(({ page }: { page: number }) => page)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(body.elapsedMs).toBeGreaterThan(0);
});

it('makes two hundred calls over the hundred sockets of the pool, and opens none the second time', async () => {
  const first = await running.get('/call-many?n=200').expect(200);
  expect(first.body).toMatchObject({ socketsUsed: 100, socketsOpened: 100 });
  const second = await running.get('/call-many?n=200').expect(200);
  expect(second.body).toMatchObject({ socketsUsed: 100, socketsOpened: 0 });
});

it('opens a socket for each of a hundred calls when done the wrong way, each time', async () => {
  for (const run of ['first', 'second']) {
    const { body } = await running.get('/call-many?n=100&shared=false').expect(200);
    expect(body, run).toMatchObject({ shared: false, socketsUsed: 100, socketsOpened: 100 });
  }
  expect(running.pool.stats().total.created).toBe(0);
});

it('leaves no socket of the wrong way open', async () => {
  const open = () => process.getActiveResourcesInfo().filter((resource) => resource === 'TCPSocketWrap').length;
  await expect.poll(open).toBe(0);
  await running.get('/call-many?n=100&shared=false').expect(200);
  await expect.poll(open).toBe(0);
});

it('counts the sockets of each run by itself when several run at once', async () => {
  const runs = await Promise.all([
    running.get('/call-many?n=80'),
    running.get('/call-many?n=80'),
    running.get('/call-many?n=30&shared=false'),
  ]);
  const [one, other, wrong] = runs.map(({ body }) => body);
  expect(one.socketsOpened + other.socketsOpened).toBe(100);
  expect(running.pool.stats().total.created).toBe(100);
  expect(wrong).toMatchObject({ socketsUsed: 30, socketsOpened: 30 });
});

it('takes up to two hundred pages', async () => {
  const { body } = await running.get('/call-many?n=200').expect(200);
  expect(body.pages).toHaveLength(200);
});

it.each(['n=0', 'n=201', 'n=-1', 'n=1.5', 'n=ten', 'n=', 'n=1e2', 'n=1&n=2'])(
  'answers 400 and names the parameter for ?%s',
  async (query) => {
    const { body } = await running.get(`/call-many?${query}`).expect(400);
    expect(body).toEqual({
      statusCode: 400,
      message: 'n: expected a whole number from 1 to 200',
      error: 'Bad Request',
    });
  },
);

it.each(['shared=maybe', 'shared=', 'shared', 'shared=TRUE', 'shared=true&shared=false'])(
  'answers 400 and names the parameter for ?%s',
  async (query) => {
    const { body } = await running.get(`/call-many?${query}`).expect(400);
    expect(body).toEqual({ statusCode: 400, message: 'shared: expected true or false', error: 'Bad Request' });
  },
);

it('answers 503 once the client is closed', async () => {
  await running.pool.close();
  await running.get('/call-many').expect(503);
});
