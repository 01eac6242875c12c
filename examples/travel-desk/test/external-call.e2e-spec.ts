import { bytes, hang, raw, redirect, reset, startUpstream, text, type UpstreamReply } from 'nest-outbound/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningApp, startApp } from './support/running-app.js';

let running: RunningApp;

beforeEach(async () => {
  running = await startApp();
});
afterEach(() => running.app.close());

it('answers with the body and the status of the upstream', async () => {
  const { body } = await running.callExternal(`${running.upstream}/pages/1`).expect(200);
  expect(body).toEqual({ result: { page: 1, destination: 'Amsterdam' }, status: 200 });
});

it.each([204, 304, 404, 500, 503])('takes a status %i of the upstream for an answer', async (status) => {
  const { body } = await running.callExternal(`${running.upstream}/status/${status}`).expect(200);
  expect(body.status).toBe(status);
});

it('waits for an upstream that is slow but in time', async () => {
  const { body } = await running.callExternal(`${running.upstream}/slow?ms=50`).expect(200);
  expect(body.result).toEqual({ tookMs: 50 });
});

it('keeps the connection for the next call', async () => {
  await running.callExternal(`${running.upstream}/pages/1`).expect(200);
  await running.callExternal(`${running.upstream}/pages/2`).expect(200);
  expect(running.pool.stats().total).toMatchObject({ created: 1, reused: 1 });
});

it.each([
  ['JSON as its value', 'application/json', Buffer.from('[1,null]'), [1, null]],
  ['JSON of no declared type as its value', '', Buffer.from('{"a":1}'), { a: 1 }],
  ['text as a string', 'text/plain', Buffer.from('Zürich'), 'Zürich'],
  ['text of another charset as a string', 'text/plain; charset=iso-8859-1', Buffer.from('Zürich', 'latin1'), 'Zürich'],
  ['text that is cut JSON as a string', 'application/json', Buffer.from('{"a":'), '{"a":'],
  ['nothing as an empty string', 'text/plain', Buffer.alloc(0), ''],
  ['bytes as a data URL', 'image/png', Buffer.from([0x89, 0x50, 0xff]), 'data:image/png;base64,iVD/'],
])('gives back %s', async (_, type, content, result) => {
  await using upstream = await startUpstream();
  upstream.on('/', bytes(content, { headers: { 'content-type': type } }));
  const { body } = await running.callExternal(upstream.url).expect(200);
  expect(body).toEqual({ result, status: 200 });
});

it.each([
  ['is missing', '/call-external'],
  ['is empty', '/call-external?url='],
  ['is given twice', '/call-external?url=http://a.example&url=http://b.example'],
  ['is a list', '/call-external?url[]=http://a.example'],
  ['is no URL', '/call-external?url=nonsense'],
  ['has no host', '/call-external?url=http://'],
  ['is relative', '/call-external?url=/pages/1'],
  ['is not decodable', '/call-external?url=%E0%A4%A'],
  ['is neither http nor https', '/call-external?url=ftp://files.example/'],
  ['is a file', '/call-external?url=file:///etc/hosts'],
  ['is a data URL', '/call-external?url=data:,hello'],
])('answers 400 and names the parameter when url %s', async (_, path) => {
  const { body } = await running.get(path).expect(400);
  expect(body).toEqual({
    statusCode: 400,
    message: 'url: expected one absolute http or https URL',
    error: 'Bad Request',
  });
});

describe('502, with nothing in the body that may be secret', () => {
  const badGateway = async (url: string) => {
    const { body, text: shown } = await running.callExternal(url).set('authorization', 'Bearer SECRET').expect(502);
    expect(body).toMatchObject({ status: 502, title: 'Bad Gateway', client: 'default', attempts: 1 });
    expect(shown).not.toContain('SECRET');
    return body as { origin: string; code: string };
  };

  it.each<[string, UpstreamReply]>([
    ['closes the connection', raw((socket) => void socket.end())],
    ['resets the connection', reset()],
    ['speaks no HTTP', raw((socket) => void socket.end('SSH-2.0-OpenSSH_9.2\r\n'))],
    ['ends its body early', raw((socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf'))],
    ['resets the connection within its body', reset('body')],
    ['lies about its coding', text('no', { headers: { 'content-encoding': 'gzip' } })],
    ['redirects for ever', redirect('/?SECRET')],
    ['redirects to a scheme that is not called', redirect('ftp://x/?SECRET')],
  ])('when the upstream %s', async (_, reply) => {
    await using upstream = await startUpstream();
    upstream.on('*', reply);
    const { origin } = await badGateway(`${upstream.url.replace('//', '//user:SECRET@')}/SECRET?token=SECRET`);
    expect(origin).toBe(upstream.url);
  });

  it('when nobody listens', async () => {
    await using upstream = await startUpstream();
    await upstream.down();
    expect(await badGateway(`${upstream.url}/?token=SECRET`)).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('when there is no such host', async () => {
    const host = `${'a'.repeat(64)}.invalid`; // longer than DNS allows a label to be: nobody is asked
    expect(await badGateway(`http://${host}/?token=SECRET`)).toMatchObject({ code: 'ENOTFOUND' });
  });

  it('when TLS fails', async () => {
    await using upstream = await startUpstream(); // without
    const url = upstream.url.replace('http:', 'https:');
    expect(await badGateway(`${url}/?token=SECRET`)).toMatchObject({ code: 'EPROTO' });
  });
});

it('answers 503 once the client is closed', async () => {
  await running.pool.close();
  const { body } = await running.callExternal(`${running.upstream}/pages/1`).expect(503);
  expect(body).toMatchObject({ status: 503, code: 'ERR_CLIENT_CLOSED' });
});

it.each([
  ['never answers', hang()],
  ['stops in the middle of its body', hang('body')],
])('answers 504 when the upstream %s', async (_, reply) => {
  await using upstream = await startUpstream();
  upstream.on('/', reply);
  const impatient = await startApp({ attemptMs: 100 });
  const { body } = await impatient.callExternal(`${upstream.url}/?token=SECRET`).expect(504);
  expect(body).toMatchObject({ status: 504, origin: upstream.url, code: 'ECONNABORTED' });
  await impatient.app.close();
});

describe('400 for a URL that leads where no call may, before anything is sent', () => {
  it.each([
    ['to the metadata service of a cloud', 'http://169.254.169.254/latest/meta-data/'],
    ['to the private network', 'http://10.0.0.1/'],
    ['to loopback by another spelling', 'http://2130706434/'],
    ['to IPv6 loopback', 'http://[::1]/'],
    ['to IPv4 loopback as IPv6', 'http://[::ffff:127.0.0.2]/'],
  ])('%s', async (_, url) => {
    const { body } = await running.callExternal(url).expect(400);
    expect(body).toMatchObject({ status: 400, code: 'ERR_ADDRESS_BLOCKED', attempts: 0 });
  });

  it('to a port of the embedded upstream, the only host on loopback, that is not its own', async () => {
    const guarded = await startApp({ allowedPorts: [80] });
    const { body } = await guarded.callExternal(`${guarded.upstream}/pages/1`).expect(400);
    expect(body).toMatchObject({ code: 'ERR_ADDRESS_BLOCKED' });
    await guarded.app.close();
  });

  it('by a redirect', async () => {
    await using upstream = await startUpstream();
    upstream.on('/', redirect('http://169.254.169.254/'));
    await running.callExternal(upstream.url).expect(400);
  });
});
