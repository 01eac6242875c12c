import { Global, Module } from '@nestjs/common';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { TLSSocket } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { AddressBlockedError, getHttpClientToken, HttpClientModule } from '../../src/index.js';
import { json, listener, reset, sequence, startUpstream, status } from '../../src/testing/index.js';
import { startAppContext } from '../support/app-context.js';
import { CA, CERTIFICATE } from '../support/certificates.js';
import { ConfigService, crm } from './api-key.js';
import { download } from './download.js';
import { bank } from './mutual-tls.js';
import { itemsOf } from './pagination.js';
import { upload, uploadForm } from './upload.js';
import { deliver, WEBHOOKS } from './webhooks.js';

const TLS = join(import.meta.dirname, '../support/tls');

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'recipes-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

it('the page has the code that is tested here', async () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/recipes.md'), 'utf8');
  const files = (await readdir(import.meta.dirname)).filter((name) => !name.endsWith('-spec.ts'));
  expect(files.length).toBeGreaterThan(4);
  const missing = files.filter((name) => {
    const code = readFileSync(join(import.meta.dirname, name), 'utf8').replaceAll(
      '../../src/index.js',
      'nest-outbound',
    );
    return !page.includes(`\`\`\`ts\n${code}\`\`\``);
  });
  expect(missing).toEqual([]);
});

it('a download tells its progress, and leaves a whole file or none', async () => {
  await using upstream = await startUpstream();
  const { client } = await startAppContext({ baseURL: upstream.url });
  const body = 'x'.repeat(200_000);
  upstream.on(
    '/file',
    listener((_request, response) => response.setHeader('content-length', body.length).end(body)),
  );
  upstream.on('/broken', reset('body'));
  const path = await folder();
  const progress: [number, number | undefined][] = [];

  await download(client, '/file', join(path, 'file'), (received, total) => progress.push([received, total]));
  await expect(download(client, '/broken', join(path, 'broken'), () => {})).rejects.toThrow();

  expect(await readFile(join(path, 'file'), 'utf8')).toBe(body);
  expect(await readdir(path)).toEqual(['file']);
  expect(progress.at(-1)).toEqual([body.length, body.length]);
});

it('an upload sends the whole file, framed by its length; a form is retried', async () => {
  await using upstream = await startUpstream();
  const { client } = await startAppContext({
    baseURL: upstream.url,
    resilience: { preset: 'standard', retry: { baseMs: 1 } },
  });
  upstream.on('PUT /file', status(201)).on('POST /form', sequence(status(503), status(201)));
  const file = join(await folder(), 'file');
  await writeFile(file, 'x'.repeat(100_000));

  await upload(client, '/file', file);
  await uploadForm(client, '/form', 'a.txt', new Blob(['content']));

  const [sent] = upstream.requests('PUT /file');
  expect(sent!.body).toHaveLength(100_000);
  expect(sent!.headers).toMatchObject({ 'content-length': '100000' });
  const forms = upstream.requests('POST /form');
  expect(forms.map(({ headers }) => headers['idempotency-key'])).toEqual(
    Array(2).fill(forms[0]!.headers['idempotency-key']),
  );
  expect(forms[1]!.text()).toContain('filename="a.txt"');
});

it('pages are read when their items are asked for', async () => {
  await using upstream = await startUpstream();
  const { client } = await startAppContext({ baseURL: upstream.url });
  upstream.on('/items', ({ query }) =>
    query.get('page') === '2'
      ? json([3])
      : json([1, 2], { headers: { link: `<${upstream.url}/items?page=2>; rel="next"` } }),
  );

  const items: unknown[] = [];
  const requests: number[] = [];
  for await (const item of itemsOf(client, '/items')) {
    items.push(item);
    requests.push(upstream.requests('/items').length);
  }
  expect(items).toEqual([1, 2, 3]);
  expect(requests).toEqual([1, 1, 2]);
});

it('a webhook is retried with one key, and does not reach private addresses', async () => {
  await using upstream = await startUpstream();
  const { app } = await startAppContext(
    {},
    {
      imports: [
        HttpClientModule.forFeature(WEBHOOKS),
        HttpClientModule.forFeature({
          ...WEBHOOKS,
          name: 'allowed',
          guard: { allowHosts: ['127.0.0.1'], allowPorts: false },
          resilience: { ...WEBHOOKS.resilience, retry: { ...WEBHOOKS.resilience.retry, baseMs: 1 } },
        }),
      ],
    },
  );
  upstream.on('/hook', sequence(status(503), reset(), status(204)));

  await deliver(app.get(getHttpClientToken('allowed')), `${upstream.url}/hook`, { id: 'evt-1' });
  expect(upstream.requests('/hook').map(({ headers }) => headers['idempotency-key'])).toEqual(Array(3).fill('evt-1'));

  const refused = deliver(app.get(getHttpClientToken('webhooks')), `${upstream.url}/hook`, { id: 'evt-2' });
  await expect(refused).rejects.toThrow(AddressBlockedError);
});

it('a client shows its certificate', async () => {
  await using upstream = await startUpstream({
    tls: { ...CERTIFICATE, ca: CA, requestCert: true, rejectUnauthorized: true },
  });
  upstream.on(
    '/',
    listener((request, response) => response.end((request.socket as TLSSocket).getPeerCertificate().subject.CN)),
  );
  const { app } = await startAppContext({}, { imports: [bank(upstream.url, TLS)] });
  const { data } = await app.get(getHttpClientToken('bank')).get('/');
  expect(data).toMatch(/./);
});

it('an API key comes from the configuration', async () => {
  await using upstream = await startUpstream();
  upstream.on('/contacts', json([]));
  const values: Record<string, string> = { CRM_URL: upstream.url, CRM_KEY: 'secret-of-the-vault' };

  @Global()
  @Module({
    providers: [{ provide: ConfigService, useValue: { getOrThrow: (name: string) => values[name] } }],
    exports: [ConfigService],
  })
  class ConfigModule {}

  const { app } = await startAppContext({}, { imports: [ConfigModule, crm] });
  await app.get(getHttpClientToken('crm')).get('/contacts');
  expect(upstream.requests('/contacts')[0]!.headers['x-api-key']).toBe('secret-of-the-vault');
});
