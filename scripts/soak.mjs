// A million requests through one client: its memory after the first tenth of them must not grow. Not for CI: it takes minutes.
// ENGINE: node:http (the default), undici, or http2. REQUESTS: how many.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { fileURLToPath } from 'node:url';

const REQUESTS = Number(process.env.REQUESTS ?? 1_000_000);
const CONCURRENCY = 50;
const MAX_GROWTH_MB = 20;
/** ENGINE → the transport's options. */
const ENGINES = { 'node:http': {}, undici: { engine: 'undici' }, http2: { http2: 'prior-knowledge' } };
const ENGINE = process.env.ENGINE ?? 'node:http';
const options = ENGINES[ENGINE];
if (!options) throw new Error(`ENGINE: expected ${Object.keys(ENGINES).join(', ')}, got ${ENGINE}`);

if (process.argv[2] === 'upstream') {
  const create = ENGINE === 'http2' ? createHttp2Server : createServer;
  const server = create((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/json');
    response.end('{"answer":42}');
  });
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
} else {
  const upstream = fork(fileURLToPath(import.meta.url), ['upstream'], { execArgv: [] });
  const [port] = await once(upstream, 'message');
  try {
    await soak(`http://127.0.0.1:${port}/`);
  } finally {
    upstream.kill();
  }
}

async function soak(url) {
  const { default: axios } = await import('axios');
  const { createTransport } = await import('nest-outbound');
  const transport = createTransport(options);
  const client = axios.create({ adapter: transport });
  let sent = 0;
  const sendUntil = async (end) => {
    while (sent < end) {
      sent++;
      const { data } = await client.get(url);
      if (data.answer !== 42) throw new Error(`wrong answer: ${JSON.stringify(data)}`);
    }
  };
  let baseline;
  for (let tenth = 1; tenth <= 10; tenth++) {
    await Promise.all(Array.from({ length: CONCURRENCY }, () => sendUntil((REQUESTS * tenth) / 10)));
    globalThis.gc();
    const rss = process.memoryUsage.rss() / 2 ** 20;
    baseline ??= rss;
    console.log(`${sent} requests, RSS ${rss.toFixed(1)} MB (${(rss - baseline).toFixed(1)} MB since the first tenth)`);
    if (rss - baseline > MAX_GROWTH_MB) process.exitCode = 1;
  }
  const { total } = transport.pool.stats();
  console.log(
    `sockets opened: ${total.created}, requests on a socket used before: ${total.reused}, errors: ${total.errors}`,
  );
  await transport.close();
}
