import { HttpModule, HttpService } from '@nestjs/axios';
import { ConsoleLogger, Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import axios from 'axios';
import { firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { HttpClientModule, type HttpClientModuleOptions, HttpClients } from '../../src/index.js';
import { startUpstream, type Upstream } from '../support/upstream.js';

@Injectable()
class Bare {
  constructor(readonly http: HttpService) {}
}
@Injectable()
class Registered {
  constructor(readonly http: HttpService) {}
}
@Module({ imports: [HttpModule], providers: [Bare] })
class BareModule {}

let upstream: Upstream;
beforeEach(async () => (upstream = await startUpstream((request, response) => response.end(request.headers['x-own']))));
afterEach(() => upstream[Symbol.asyncDispose]());

/** As openapi-generator's typescript-nestjs writes it: an ApiModule that imports HttpModule for its services. */
async function start(options: HttpClientModuleOptions) {
  @Module({
    imports: [HttpModule.register({ baseURL: upstream.url, headers: { 'x-own': '1' } })],
    providers: [Registered],
  })
  class ApiModule {}
  const lines: string[] = [];
  const logger = new ConsoleLogger();
  vi.spyOn(logger, 'warn').mockImplementation((line: string) => void lines.push(line));
  vi.spyOn(logger, 'log').mockImplementation(() => {});
  const app = await Test.createTestingModule({ imports: [HttpClientModule.forRoot(options), BareModule, ApiModule] })
    .setLogger(logger)
    .compile();
  await app.init();
  return { app, lines, clients: app.get(HttpClients), bare: app.get(Bare).http, registered: app.get(Registered).http };
}

it('names the modules that import the HttpModule of @nestjs/axios in one warning, and in explain()', async () => {
  const { app, lines, clients, registered } = await start({});
  expect(lines).toEqual([
    'Calls of BareModule, ApiModule do not use this pool: they import HttpModule from @nestjs/axios. Import HttpModule from nest-outbound, or ' +
      'set `adopt: true` for code that is not yours',
  ]);
  expect(clients.explain().strangers).toEqual([{ importedBy: ['BareModule'] }, { importedBy: ['ApiModule'] }]);
  expect(await firstValueFrom(registered.get('/'))).not.toHaveProperty('attempts');
  await app.close();
});

it('moves them onto the pool with `adopt`: each keeps its config, and the global axios stays as it is', async () => {
  const before = { ...axios.defaults };
  const { app, lines, clients, bare, registered } = await start({ adopt: true, baseURL: 'https://default.example' });
  expect(lines).toEqual([]);
  const answers = [
    await firstValueFrom(bare.get(`${upstream.url}/`)),
    await firstValueFrom(registered.get<string>('/')),
  ];
  expect(answers.map(({ data, attempts, timings }) => [data, attempts?.length, timings?.reusedSocket])).toEqual([
    ['', 1, false],
    [1, 1, true],
  ]);
  expect(clients.explain().strangers).toEqual([
    { importedBy: ['BareModule'], client: 'HttpModule(BareModule)' },
    { importedBy: ['ApiModule'], client: 'HttpModule(ApiModule)' },
  ]);
  expect(axios.defaults).toEqual(before);
  expect(bare.axiosRef).not.toBe(axios);
  await app.close();
});
