// A reverse proxy made of an HTTP client with a cache: what bench/cache-tests.mjs tests. Says on which port it listens.
// node bench/helpers/cache-proxy.mjs <contender> <origin>
import { NestFactory } from '@nestjs/core';
import { getHttpClientToken, HttpClientModule } from 'nest-outbound';
import { createServer } from 'node:http';
import { Agent, interceptors, request as undiciRequest } from 'undici';

/** Of a connection (RFC 9110 §7.6.1), and what each client sets itself. */
const NOT_PASSED = new Set(
  'connection keep-alive proxy-connection transfer-encoding te trailer upgrade host content-length'.split(' '),
);

/** Sends a request as it came, and resolves with status, headers and bytes as they came. */
const CONTENDERS = {
  async 'nest-outbound'() {
    class Root {}
    // Surrogate-Control is what the suite knows of targeted fields.
    const cache = { heuristic: true, targetedHeaders: ['surrogate-control'] };
    const module = { module: Root, imports: [HttpClientModule.forRoot({ cache, logging: false })] };
    const app = await NestFactory.createApplicationContext(module, { logger: ['error'] });
    const http = app.get(getHttpClientToken());
    return async ({ url, method, headers, body }) => {
      const asItIs = {
        responseType: 'arraybuffer',
        decompress: false,
        maxRedirects: 0,
        validateStatus: () => true,
        transformRequest: [(data) => data],
      };
      const own = { accept: null, 'user-agent': null };
      const response = await http.request({ url, method, headers: { ...own, ...headers }, data: body, ...asItIs });
      return { status: response.status, headers: response.headers, body: response.data };
    };
  },
  undici() {
    const dispatcher = new Agent().compose(interceptors.cache({ type: 'shared', methods: ['GET', 'HEAD'] }));
    return async ({ url, method, headers, body }) => {
      const response = await undiciRequest(url, { dispatcher, method, headers, body });
      const bytes = Buffer.from(await response.body.arrayBuffer());
      return { status: response.statusCode, headers: response.headers, body: bytes };
    };
  },
};

const [, , contender, origin] = process.argv;
const send = await CONTENDERS[contender]();

async function pass(inbound, answer) {
  const parts = [];
  for await (const part of inbound) parts.push(part);
  const headers = {};
  for (const [name, values] of Object.entries(inbound.headersDistinct)) {
    if (!NOT_PASSED.has(name)) headers[name] = values.length === 1 ? values[0] : values;
  }
  const body = parts.length > 0 ? Buffer.concat(parts) : undefined;
  try {
    const response = await send({ url: origin + inbound.url, method: inbound.method, headers, body });
    answer.statusCode = response.status;
    for (const [name, value] of Object.entries(response.headers)) {
      if (!NOT_PASSED.has(name) && value !== null && value !== undefined) answer.setHeader(name, value);
    }
    answer.end(response.body);
  } catch (error) {
    answer.statusCode = 502;
    answer.end(`${error.code} ${error.message}`);
  }
}

const server = createServer((...exchange) => void pass(...exchange));
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.once('SIGTERM', () => process.exit());
