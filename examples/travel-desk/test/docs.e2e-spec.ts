import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningApp, startApp } from './support/running-app.js';

let running: RunningApp;

beforeAll(async () => {
  running = await startApp();
});
afterAll(() => running.app.close());

const document = async () => (await running.get('/docs-json').expect(200)).body;

it('GET / leads to the documentation', async () => {
  await running.get('/').expect(302).expect('location', '/docs');
  await running.get('/docs').expect(200).expect('content-type', /html/);
});

it.each([
  ['/', ['302']],
  ['/call-external', ['200', '400', '502', '503', '504']],
  ['/call-many', ['200', '400', '502', '503', '504']],
  ['/pool', ['200']],
])('documents %s with its answers %j', async (path, statuses) => {
  const { paths } = await document();
  const { summary, responses } = paths[path].get;
  expect(summary).not.toBe('');
  expect(Object.keys(responses)).toEqual(statuses);
  expect(Object.values(responses)).not.toContainEqual(expect.objectContaining({ description: '' }));
});

it('documents no other path', async () => {
  expect(Object.keys((await document()).paths)).toHaveLength(4);
});

it.each([
  ['/pool', 'PoolStatsSchema'],
  ['/call-many', 'ManyCalls'],
])('documents exactly the members of what %s answers', async (path, schema) => {
  const { components } = await document();
  const { body } = await running.get(path).expect(200);
  expect(Object.keys(components.schemas[schema].properties).toSorted()).toEqual(Object.keys(body).toSorted());
});

it('gives examples of url that lead to the embedded upstream where it is served', async () => {
  const { paths } = await document();
  const [url] = paths['/call-external'].get.parameters;
  expect(url).toMatchObject({ name: 'url', required: true });
  expect(url.examples.page.value).toBe('http://127.0.0.1:8001/pages/1');
});
