import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningApp, startApp } from './support/running-app.js';

let running: RunningApp;

beforeAll(async () => {
  running = await startApp();
});
afterAll(() => running.app.close());

const document = async () => (await running.get('/docs-json').expect(200)).body;

it('is served', async () => {
  await running.get('/docs').expect(200).expect('content-type', /html/);
});

const ROUTES: readonly [string, string, readonly string[]][] = [
  ['get', '/call-external', ['200', '400', '502', '503', '504']],
  ['get', '/call-many', ['200', '400', '502', '503', '504']],
  ['get', '/pool', ['200']],
  ['get', '/health', ['200', '503']],
  ['get', '/ready', ['200', '503']],
  ['get', '/metrics', ['200']],
  ['get', '/fares', ['200', '400']],
  ['get', '/fares/stream', ['200', '400']],
  ['get', '/monitor', ['200']],
  ['get', '/monitor/{id}', ['200', '404']],
  ['get', '/desk', ['200']],
  ['get', '/desk/events', ['200']],
  ['post', '/desk/airlines/{code}/{action}', ['200', '400', '403', '404']],
  ['post', '/desk/drain', ['202', '403']],
  ['post', '/comparison', ['200', '400', '403', '409', '503']],
];

it.each(ROUTES)('documents %s %s with its answers %j', async (method, path, statuses) => {
  const { paths } = await document();
  const { summary, responses } = paths[path][method];
  expect(summary).not.toBe('');
  expect(Object.keys(responses)).toEqual(statuses);
  expect(Object.values(responses)).not.toContainEqual(expect.objectContaining({ description: '' }));
});

it('documents no other path', async () => {
  expect(Object.keys((await document()).paths)).toHaveLength(ROUTES.length);
});

it('documents the query of a search by the schema that checks it', async () => {
  const { paths } = await document();
  for (const path of ['/fares', '/fares/stream']) {
    const parameters = paths[path].get.parameters as { name: string; in: string; required: boolean }[];
    expect(parameters.map(({ name, in: place, required }) => [name, place, required])).toEqual([
      ['from', 'query', true],
      ['to', 'query', true],
      ['date', 'query', true],
      ['shared', 'query', false],
      ['cached', 'query', false],
    ]);
  }
});

it.each([
  ['/fares', '/fares?from=AMS&to=LIS&date=2026-03-01'],
  ['/monitor', '/monitor'],
  ['/desk', '/desk'],
])('documents exactly what %s answers, by the schema that checks it', async (route, path) => {
  const { paths } = await document();
  const { schema } = paths[route].get.responses['200'].content['application/json'];
  const { body } = await running.get(path).expect(200);
  expect(Object.keys(schema.properties).toSorted()).toEqual(Object.keys(body).toSorted());
});

it.each([
  ['/pool', 'PoolStatsSchema'],
  ['/call-many', 'ManyCalls'],
])('documents exactly the members of what %s answers', async (path, schema) => {
  const { components } = await document();
  const { body } = await running.get(path).expect(200);
  expect(Object.keys(components.schemas[schema].properties).toSorted()).toEqual(Object.keys(body).toSorted());
});

it.each([
  ['a URL that is none', 'nowhere', 'application/json'],
  ['an address that may not be called', 'http://169.254.169.254/', 'application/problem+json'],
])('documents what /call-external answers for %s', async (_, url, type) => {
  const { paths, components } = await document();
  const { body, headers } = await running.callExternal(url).expect(400);
  expect(headers['content-type']).toContain(type);
  const { $ref } = paths['/call-external'].get.responses['400'].content[type].schema;
  const schema = components.schemas[$ref.split('/').at(-1)];
  expect(Object.keys(schema.properties).toSorted()).toEqual(Object.keys(body).toSorted());
});

it('gives examples of url that lead to the embedded upstream where it is served', async () => {
  const { paths } = await document();
  const [url] = paths['/call-external'].get.parameters;
  expect(url).toMatchObject({ name: 'url', required: true });
  expect(url.examples.page.value).toBe('http://127.0.0.1:8001/pages/1');
});
