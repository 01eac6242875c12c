import type { LoggerService } from '@nestjs/common';
import { HttpService } from '@nestjs/axios';
import { Test } from '@nestjs/testing';
import type { AxiosInstance } from 'axios';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { TLSSocket } from 'node:tls';
import { firstValueFrom } from 'rxjs';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  channelName,
  getConnectionPoolToken,
  getHttpClientToken,
  HttpClientModule,
  HttpClients,
  HttpModule,
  createTransport,
  InvalidOptionsError,
  type ConnectionPool,
  type HttpClientModuleOptions,
} from '../src/index.js';
import { listener, startUpstream, type Upstream } from '../src/testing/index.js';
import { CA, CERTIFICATE, clientCertificate, PACKED_CERTIFICATE } from './support/certificates.js';
import { startHttp2 } from './support/http2-upstream.js';
import { startProxy } from './support/proxy.js';
import { startTransport } from './support/start-transport.js';
import { TlsFolder } from './support/tls-folder.js';

type Certificate = Awaited<ReturnType<typeof clientCertificate>>;
let first: Certificate;
let second: Certificate;
beforeAll(async () => {
  [first, second] = await Promise.all([clientCertificate('first'), clientCertificate('second')]);
});

/** One that wants a client's certificate, and answers with its name. */
async function startMutual(): Promise<Upstream> {
  const ca = [first.cert, second.cert, PACKED_CERTIFICATE.cert];
  const upstream = await startUpstream({ tls: { ...CERTIFICATE, ca, requestCert: true } });
  upstream.on(
    '/*',
    listener((request, response) => {
      response.write(String((request.socket as TLSSocket).getPeerCertificate().subject.CN));
      if (request.url === '/') response.end();
      else upstream.server.once('finish-streams', () => response.end());
    }),
  );
  return upstream;
}

/** As Kubernetes mounts them. */
function mounted({ cert, key }: Certificate): TlsFolder {
  const folder = new TlsFolder();
  folder.mount({ 'tls.crt': cert, 'tls.key': key, 'ca.crt': CA });
  return folder;
}

const remount = (folder: TlsFolder, { cert, key }: Certificate) =>
  folder.mount({ 'tls.crt': cert, 'tls.key': key, 'ca.crt': CA });

const watching = (folder: TlsFolder) => ({
  files: { cert: folder.path('tls.crt'), key: folder.path('tls.key'), ca: folder.path('ca.crt') },
  watch: { intervalMs: 10 },
});

/** Resolves with the next `tls:reload` of a pool. */
function reloaded({ id }: ConnectionPool): Promise<{ readonly failure: string | undefined }> {
  return new Promise((resolve) => {
    const hear = (event: unknown) => {
      const { pool, failure } = event as { pool: string; failure: string | undefined };
      if (pool !== id) return;
      unsubscribe(channelName('tls:reload'), hear);
      resolve({ failure });
    };
    subscribe(channelName('tls:reload'), hear);
  });
}

/** An app with a client that trusts the tests' authority, and what it logs. */
async function startApp(options: HttpClientModuleOptions, imports: object[] = []) {
  const lines: string[] = [];
  const write = (line: string) => lines.push(line);
  const logger = { log: write, warn: write, error: write } as unknown as LoggerService;
  const module = Test.createTestingModule({ imports: [HttpClientModule.forRoot(options), ...(imports as never[])] });
  const app = await module.setLogger(logger).compile();
  await app.init();
  onTestFinished(() => app.close());
  return { app, lines, tlsLines: () => lines.filter((line) => line.includes('tls.files')) };
}

describe('certificates that are rotated on disk', () => {
  it('are used for new sockets, while calls go on and none fails', async () => {
    await using upstream = await startMutual();
    const folder = mounted(first);
    const { client, transport } = startTransport({ tls: watching(folder) });
    const answers: string[] = [];
    let isRotated = false;
    const late: string[] = [];
    const until = (count: () => boolean) =>
      Promise.all(
        Array.from({ length: 10 }, async () => {
          while (!count()) {
            const startedLate = isRotated;
            const { data } = await client.get<string>(upstream.url); // oxlint-disable-line no-await-in-loop -- load
            answers.push(data);
            if (startedLate) late.push(data);
          }
        }),
      );
    const load = until(() => late.length >= 100);
    await client.get(upstream.url);
    const rotation = reloaded(transport.pool);
    remount(folder, second);
    await rotation;
    isRotated = true;
    await load;
    expect(answers[0]).toBe('first');
    expect(new Set(late)).toEqual(new Set(['second']));
    expect(transport.pool.stats().total).toMatchObject({ errors: 0, timedOut: 0 });
  });

  it('leave a socket in use its response, and close idle ones', async () => {
    await using upstream = await startMutual();
    const folder = mounted(first);
    const { client, transport } = startTransport({ tls: watching(folder) });
    const slow = client.get<string>(`${upstream.url}/slow`, { responseType: 'text' });
    await upstream.received('/slow');
    expect((await client.get(upstream.url)).data).toBe('first');
    expect(transport.pool.stats().total).toMatchObject({ active: 1, idle: 1 });
    const rotation = reloaded(transport.pool);
    remount(folder, second);
    await rotation;
    expect(transport.pool.stats().total).toMatchObject({ active: 1, idle: 0 });
    expect((await client.get(upstream.url)).data).toBe('second');
    upstream.server.emit('finish-streams');
    expect((await slow).data).toBe('first');
    await expect.poll(() => transport.pool.stats().total).toMatchObject({ active: 0, idle: 1, created: 3 });
    expect((await client.get(upstream.url)).data).toBe('second');
    expect(transport.pool.stats().total).toMatchObject({ created: 3 });
  });

  it('leave a session of HTTP/2 its streams, and have new streams go over a new one', async () => {
    const held: (() => void)[] = [];
    const ca = [first.cert, second.cert];
    const upstream = await startHttp2(
      ({ url, stream }, response) => {
        response.write(String((stream.session!.socket as TLSSocket).getPeerCertificate().subject.CN));
        if (url === '/') response.end();
        else held.push(() => response.end(' late'));
      },
      { tls: { ...CERTIFICATE, ca, requestCert: true } },
    );
    const folder = mounted(first);
    const { client, transport } = startTransport({ http2: true, tls: watching(folder) });
    const slow = ['/one', '/two'].map((path) => client.get<string>(upstream.url + path, { responseType: 'text' }));
    await expect.poll(() => held.length).toBe(2);
    expect((await client.get(upstream.url)).data).toBe('first');
    const rotation = reloaded(transport.pool);
    remount(folder, second);
    await rotation;
    const fresh = await Promise.all(Array.from({ length: 5 }, () => client.get(upstream.url)));
    expect(new Set(fresh.map(({ data }) => data))).toEqual(new Set(['second']));
    expect(upstream.sessions).toHaveLength(2);
    expect(upstream.goaways).toEqual([]);
    for (const respond of held) respond();
    expect((await Promise.all(slow)).map(({ data }) => data)).toEqual(['first late', 'first late']);
    await expect.poll(() => upstream.goaways).toEqual([0]); // the old one says goodbye after its last stream
    await expect.poll(() => upstream.sessions).toHaveLength(1);
    expect((await client.get(upstream.url)).data).toBe('second');
    expect(transport.pool.stats().total).toMatchObject({ created: 2, closed: 1, errors: 0, active: 0, idle: 1 });
  });

  it('are used through a proxy, too', async () => {
    await using upstream = await startMutual();
    await using proxy = await startProxy();
    const { hostname: host, port } = new URL(proxy.url);
    const folder = mounted(first);
    const { client, transport } = startTransport({ tls: watching(folder) });
    const config = { proxy: { protocol: 'http', host, port: Number(port) } };
    expect((await client.get(upstream.url, config)).data).toBe('first');
    const rotation = reloaded(transport.pool);
    remount(folder, second);
    await rotation;
    expect((await client.get(upstream.url, config)).data).toBe('second');
    expect(proxy.tunnels).toBe(2);
  });

  it('may be authorities only', async () => {
    const own = await startUpstream({ tls: true });
    onTestFinished(() => own.close());
    own.on(
      '/',
      listener((_, response) => void response.end('ok')),
    );
    const folder = new TlsFolder({ 'ca.crt': CA });
    const { client, transport } = startTransport({
      tls: { files: { ca: folder.path('ca.crt') }, watch: { intervalMs: 10 } },
    });
    await expect(client.get(own.url)).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    const rotation = reloaded(transport.pool);
    folder.rename({ 'ca.crt': own.ca! });
    await rotation;
    expect((await client.get(own.url)).data).toBe('ok');
  });

  it('may be packed, with a passphrase', async () => {
    await using upstream = await startMutual();
    const { pfx, passphrase } = PACKED_CERTIFICATE;
    const folder = new TlsFolder({ 'client.p12': pfx });
    const files = { pfx: folder.path('client.p12') };
    const { client } = startTransport({ tls: { files, passphrase, ca: CA } });
    expect((await client.get(upstream.url)).data).toBe('packed');
    const opened = () => createTransport({ tls: { files, passphrase: 'another', ca: CA } });
    expect(opened).toThrow(/tls\.files\.pfx: expected PKCS #12 that tls\.passphrase opens, got .*client\.p12/);
    expect(opened).not.toThrow(/another/);
  });

  it('are those of a named client and of an HttpModule, too, and are in the log once for each change', async () => {
    await using upstream = await startMutual();
    const folder = mounted(first);
    const { app, tlsLines } = await startApp({}, [
      HttpClientModule.forFeature({ name: 'bank', baseURL: upstream.url, tls: watching(folder) }),
      HttpModule.register({ baseURL: upstream.url, tls: watching(folder) }),
    ]);
    const bank = app.get<AxiosInstance>(getHttpClientToken('bank'), { strict: false });
    const service = app.get(HttpService, { strict: false });
    const pools = [
      app.get<ConnectionPool>(getConnectionPoolToken('bank'), { strict: false }),
      app.get<ConnectionPool>(getConnectionPoolToken('HttpModule'), { strict: false }),
    ];
    const answers = async () => [(await bank.get('/')).data, (await firstValueFrom(service.get('/'))).data];
    expect(await answers()).toEqual(['first', 'first']);

    const broken = Promise.all(pools.map(reloaded));
    folder.write({ 'tls.crt': second.cert.slice(0, 300) });
    await broken;
    expect(await answers()).toEqual(['first', 'first']);
    expect(app.get(HttpClients).stats('bank').pool.tlsFiles).toMatchObject({
      failure: expect.stringContaining('tls.crt'),
    });

    const mended = Promise.all(pools.map(reloaded));
    remount(folder, second);
    await mended;
    expect(await answers()).toEqual(['second', 'second']);
    expect(tlsLines().filter((line) => line.includes(pools[0]!.id))).toEqual([
      expect.stringMatching(
        /^Pool \w+: the certificates of tls\.files stay as they were: tls\.files\.cert: expected .*tls\.crt\)$/,
      ),
      expect.stringMatching(/^Pool \w+: the certificates of tls\.files are in use, valid to \d{4}-\d\d-\d\dT/),
    ]);
  });
});

describe('files of certificates', () => {
  it('stop the start where they cannot be used, by option and path, and show nothing of what is in them', async () => {
    const folder = new TlsFolder({ 'tls.crt': first.cert, 'other.key': second.key });
    const files = { cert: folder.path('tls.crt'), key: folder.path('missing.key'), ca: folder.path('missing.crt') };
    const missing = startApp({ tls: { files } });
    await expect(missing).rejects.toThrow(InvalidOptionsError);
    await expect(missing).rejects.toMatchObject({
      source: 'HttpClientModule.forRoot',
      problems: [
        `tls.files.ca: expected a file that can be read, got ENOENT (${files.ca})`,
        `tls.files.key: expected a file that can be read, got ENOENT (${files.key})`,
      ],
    });
    const another = startApp({}, [
      HttpClientModule.forFeature({
        name: 'bank',
        tls: { files: { cert: files.cert, key: folder.path('other.key') } },
      }),
    ]);
    await expect(another).rejects.toMatchObject({
      source: 'HttpClientModule.forFeature("bank")',
      problems: [
        expect.stringMatching(
          /^tls\.files: expected the key of the certificate, got another \(.*tls\.crt, .*other\.key\)$/,
        ),
      ],
    });
    const { message } = (await another.catch((error: unknown) => error)) as Error;
    expect(message).not.toContain(second.key.split('\n')[1]);
  });

  it('are not watched without the option, nor from the drain on', async () => {
    await using upstream = await startMutual();
    const folder = mounted(first);
    const { watch: _, ...unwatched } = watching(folder);
    const { client } = startTransport({ tls: unwatched });
    const { client: other, transport } = startTransport({ tls: watching(folder) });
    await transport.close();
    const ended = transport.pool;
    let isTold = false;
    void reloaded(ended).then(() => (isTold = true));
    const { transport: third } = startTransport({ tls: watching(folder) });
    const rotation = reloaded(third.pool);
    remount(folder, second);
    await rotation; // whoever watches has seen it
    expect(isTold).toBe(false);
    expect((await client.get(upstream.url)).data).toBe('first');
    await expect(other.get(upstream.url)).rejects.toMatchObject({ code: 'ERR_CLIENT_CLOSED' });
  });

  it('are shown by explain(), what is in them is not', async () => {
    const folder = mounted(first);
    const { app } = await startApp({ tls: watching(folder) });
    const { options } = app.get(HttpClients).explain();
    const shown = Object.fromEntries(
      Object.entries(options)
        .filter(([path]) => path.startsWith('tls.'))
        .map(([path, { value }]) => [path, value]),
    );
    expect(shown).toEqual({
      'tls.files.ca': folder.path('ca.crt'),
      'tls.files.cert': folder.path('tls.crt'),
      'tls.files.key': folder.path('tls.key'),
      'tls.watch.intervalMs': 10,
    });
  });
});
