import nock from 'nock14';
import { setupServer } from 'msw/node';
import { afterEach, expect, it } from 'vitest';
import { startTestApp } from '../support/testing-app.js';

afterEach(() => {
  nock.cleanAll();
  nock.restore();
});

it.each(['http://api.test', 'https://api.test'])('nock leaves %s to the testing module', async (baseURL) => {
  if (!nock.isActive()) nock.activate();
  nock.disableNetConnect();
  nock.enableNetConnect('api.test');
  nock('http://mocked.test').get('/').reply(200, '"mocked"');
  const { client, controller } = await startTestApp(
    { baseURL, confine: false },
    { passThrough: ['http://mocked.test'] },
  );
  const posted = controller.expectOne({ method: 'POST', url: '/users' }).reply(201, { id: 1 });
  expect((await client.post('/users', { name: 'Ada' })).data).toEqual({ id: 1 });
  expect(posted.request.body).toEqual({ name: 'Ada' });
  expect((await client.get('http://mocked.test/')).data).toBe('mocked');
  controller.verify();
});

it.each(['http://api.test', 'https://api.test'])('msw leaves %s to the testing module', async (baseURL) => {
  nock.restore();
  const server = setupServer();
  server.listen({ onUnhandledRequest: 'bypass' });
  const { client, controller } = await startTestApp({ baseURL });
  controller.expectOne({ method: 'POST', url: '/users' }).reply(201, { id: 1 });
  expect((await client.post('/users', { name: 'Ada' })).data).toEqual({ id: 1 });
  controller.verify();
  server.close();
});
