// What a hit of an HTTP cache costs: CPU time of a GET that is answered from memory, a JSON body of about 1 KB, parsed for each caller.
// node bench/cache.mjs [hits per turn] [turns]
import { NestFactory } from '@nestjs/core';
import axios from 'axios';
import { setupCache } from 'axios-cache-interceptor';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Agent, interceptors, request } from 'undici';
import { refreshLibrary } from './library.mjs';
import { median } from './statistics.mjs';

refreshLibrary();
const { getHttpClientToken, HttpClientModule } = await import('nest-outbound');

const HITS = Number(process.argv[2] ?? 2_000);
const TURNS = Number(process.argv[3] ?? 30);
const body = JSON.stringify({
  items: Array.from({ length: 20 }, (_, id) => ({ id, name: `item ${id}`, price: id * 1.5 })),
});

let requests = 0;
const server = createServer((_, response) => {
  requests++;
  response.setHeader('cache-control', 'max-age=3600');
  response.setHeader('content-type', 'application/json');
  response.end(body);
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${server.address().port}/items`;

async function client(cache) {
  class Root {}
  const module = { module: Root, imports: [HttpClientModule.forRoot({ cache, logging: false })] };
  const app = await NestFactory.createApplicationContext(module, { logger: false });
  return { app, http: app.get(getHttpClientToken()) };
}

const apps = { 'nest-outbound': await client(true), 'nest-outbound, frozen': await client({ frozen: true }) };
const cached = setupCache(axios.create());
const agent = new Agent().compose(interceptors.cache());

const CONTENDERS = {
  ...Object.fromEntries(Object.entries(apps).map(([name, { http }]) => [name, async () => (await http.get(url)).data])),
  'axios-cache-interceptor': async () => (await cached.get(url)).data,
  "undici's interceptor": async () => (await request(url, { dispatcher: agent })).body.json(),
};

const microseconds = Object.fromEntries(Object.keys(CONTENDERS).map((name) => [name, []]));
for (let turn = -3; turn < TURNS; turn++) {
  for (const [name, get] of Object.entries(CONTENDERS)) {
    await get();
    const before = process.cpuUsage();
    for (let i = 0; i < HITS; i++) await get();
    const { user, system } = process.cpuUsage(before);
    if (turn >= 0) microseconds[name].push((user + system) / HITS);
  }
}
console.log('CPU time of a hit');
for (const [name, costs] of Object.entries(microseconds))
  console.log(`${name.padEnd(26)} ${median(costs).toFixed(1)} us`);
console.log(`requests to the upstream: ${requests}`);

for (const { app } of Object.values(apps)) await app.close();
await agent.close();
server.close();
