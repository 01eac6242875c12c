import type { HttpService } from '@nestjs/axios';
import type { ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import type { AxiosInstance, AxiosResponse } from 'axios';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  getHttpClientToken,
  getHttpServiceToken,
  HttpClientEvents,
  type HttpClientInterceptor,
  HttpClientModule,
  type HttpClientModuleOptions,
  HttpClients,
} from '../../src/index.js';
import {
  json,
  sequence,
  startUpstream,
  status,
  text,
  type Upstream,
  type UpstreamRequest,
} from '../../src/testing/index.js';
import { createClient, createConfig } from './generated/hey-api/client/index.js';
import * as heyApi from './generated/hey-api/sdk.gen.js';
import { getPets } from './generated/orval/factory.js';
import * as orval from './generated/orval/functions.js';
import { useClient } from './generated/orval/mutator.js';
import {
  ApiModule,
  Configuration,
  type ConfigurationParameters,
  PetService,
} from './generated/typescript-nestjs/index.js';
import { urlTemplates } from './generated/url-templates.js';

const PATHS = Object.keys(
  (
    JSON.parse(readFileSync(join(import.meta.dirname, 'generated/pets.openapi.json'), 'utf8')) as {
      paths: Record<string, object>;
    }
  ).paths,
);
const PET = { name: 'Rex', tags: ['a b', 'c&d'] };
const BASIC = `Basic ${btoa('user:pass')}`;

let upstream: Upstream;
let app: TestingModule;

beforeEach(async () => {
  upstream = await startUpstream();
  upstream
    .on('POST /v2/pet', (request) => json(request.json()))
    .on('GET /v2/pet/:petId', ({ params }) => json({ id: 7, name: params.petId }))
    .on('POST /v2/pet/:petId', status(204))
    .on('POST /v2/pet/:petId/uploadImage', json({ message: 'uploaded' }))
    .on('GET /v2/pet/:petId/photo', text('<svg/>'))
    .on('GET /v2/pet/find', json([PET]))
    .on('GET /v2/pet/missing', status(404));
});
afterEach(async () => {
  await app.close();
  await upstream.close();
});

async function start(
  options: HttpClientModuleOptions,
  imports: ModuleMetadata['imports'] = [],
): Promise<AxiosInstance> {
  app = await Test.createTestingModule({
    imports: [HttpClientModule.forRoot({ ...options, logging: false }), ...imports],
  }).compile();
  await app.init();
  return app.get<AxiosInstance>(getHttpClientToken());
}

/** The templates of the calls that are made from now on. */
function watchTemplates(): (string | undefined)[] {
  const templates: (string | undefined)[] = [];
  app.get(HttpClientEvents).on('call:end', ({ urlTemplate }) => templates.push(urlTemplate));
  return templates;
}

/** That every call came from the pool: by what only its responses have, and on one socket. */
function expectPooled(...responses: readonly { readonly attempts?: readonly unknown[] }[]): void {
  expect(responses.map(({ attempts }) => attempts?.length)).toEqual(responses.map(() => 1));
  expect(upstream.sockets.opened).toBe(1);
}

/** The last request, as far as the client has a say in it. */
function last(): { readonly line: string; readonly body: string; readonly headers: UpstreamRequest['headers'] } {
  const request = upstream.requests().at(-1)!;
  return { line: `${request.method} ${request.url}`, body: request.text(), headers: request.headers };
}

describe('a client of openapi-generator’s typescript-nestjs', () => {
  const configuration = (more: ConfigurationParameters = {}) =>
    new Configuration({
      basePath: `${upstream.url}/v2`,
      apiKeys: { api_key: 'header-key', query_key: 'query key' },
      username: 'user',
      password: 'pass',
      accessToken: async () => 'token',
      ...more,
    });
  const promised = firstValueFrom<AxiosResponse>;

  it('comes onto the pool with `adopt`: every way of sending, and of proving who one is', async () => {
    await start({ adopt: true }, [ApiModule.forRoot(configuration)]);
    const pets = app.get(PetService);
    const responses: AxiosResponse[] = [];

    responses.push(await promised(pets.addPet(PET)));
    expect(responses[0]!.data).toEqual(PET);
    expect(last()).toMatchObject({
      line: 'POST /v2/pet',
      headers: { authorization: 'Bearer token', accept: 'application/json', 'content-type': 'application/json' },
    });

    responses.push(await promised(pets.findPets(['available', 'sold'], ['a b', 'c&d'], new Date(0))));
    expect(responses[1]!.data).toEqual([PET]);
    expect(last().line).toBe(
      'GET /v2/pet/find?status=available%2Csold&tags=a+b&tags=c%26d&since=1970-01-01T00%3A00%3A00.000Z&query_key=query+key',
    );

    responses.push(await promised(pets.getPetById('a/b c')));
    expect(responses[2]!.data).toEqual({ id: 7, name: 'a/b c' });
    expect(last()).toMatchObject({ line: 'GET /v2/pet/a%2Fb%20c', headers: { api_key: 'header-key' } });

    responses.push(await promised(pets.uploadFile('7', 'a note', new Blob(['bytes']))));
    expect(responses[3]!.data).toEqual({ message: 'uploaded' });
    expect(last().headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
    expect(last().body).toMatch(
      /name="additionalMetadata"\r\n\r\na note\r\n[^]*name="file"; filename="blob"[^]*\r\n\r\nbytes\r\n/,
    );

    responses.push(await promised(pets.getPhoto('7')));
    expect(responses[4]!.data).toBe('<svg/>');
    expectPooled(...responses);
  });

  it('sends forms with Basic authentication', async () => {
    await start({ adopt: true }, [ApiModule.forRoot(() => configuration({ accessToken: undefined }))]);
    expectPooled(await promised(app.get(PetService).updatePetWithForm('7', 'Rex & Co', 'sold')));
    expect(last()).toMatchObject({
      line: 'POST /v2/pet/7',
      body: 'name=Rex+%26+Co&status=sold',
      headers: { authorization: BASIC, 'content-type': expect.stringMatching(/^application\/x-www-form-urlencoded/) },
    });
  });

  it('fails with what the upstream answered', async () => {
    await start({ adopt: true }, [ApiModule.forRoot(configuration)]);
    await expect(promised(app.get(PetService).getPetById('missing'))).rejects.toMatchObject({
      response: { status: 404 },
      attempts: [{ outcome: 404 }],
    });
  });

  it('is given a client of its own by its configuration, asynchronously', async () => {
    const clients = HttpClientModule.forFeature({ name: 'pets', resilience: { retry: { max: 1, baseMs: 1 } } });
    const api = ApiModule.forRootAsync({
      imports: [clients],
      inject: [getHttpServiceToken('pets')],
      useFactory: (httpClient: HttpService) => configuration({ httpClient }),
    });
    await start({}, [api]);
    upstream.on('GET /v2/pet/:petId', sequence(status(503), json(PET)));
    const response = await promised(app.get(PetService).getPetById('7'));
    expect([response.data, response.attempts?.length]).toEqual([PET, 2]);
    expect(app.get(HttpClients).stats('pets').pool.total.created).toBe(1);
  });

  it('has templates of its URLs by an interceptor of that client', async () => {
    class PetTemplates implements HttpClientInterceptor {
      readonly onRequest = urlTemplates(PATHS);
    }
    const clients = HttpClientModule.forFeature({ name: 'pets', interceptors: [PetTemplates] });
    const api = ApiModule.forRootAsync({
      imports: [clients],
      inject: [getHttpServiceToken('pets')],
      useFactory: (httpClient: HttpService) => configuration({ httpClient }),
    });
    await start({}, [api]);
    const templates = watchTemplates();
    const pets = app.get(PetService);
    await promised(pets.findPets(['sold']));
    await promised(pets.getPetById('find/7'));
    await promised(pets.uploadFile('7'));
    expect(templates).toEqual(['/pet/find', '/pet/{petId}', '/pet/{petId}/uploadImage']);
  });
});

describe('a client of orval', () => {
  it('as functions with a mutator: the mutator calls the client, and passes on what a call says', async () => {
    useClient(await start({ baseURL: `${upstream.url}/v2` }));
    const templates = watchTemplates();
    expect(await orval.addPet(PET, { headers: { authorization: 'Bearer token' } })).toEqual(PET);
    expect(last().headers).toMatchObject({ authorization: 'Bearer token', 'content-type': 'application/json' });
    expect(await orval.findPets({ status: ['available', 'sold'], tags: ['a b'] })).toEqual([PET]);
    expect(last().line).toBe('GET /v2/pet/find?status%5B%5D=available&status%5B%5D=sold&tags%5B%5D=a+b'); // as axios has it
    const called = await orval.getPetById('7', { urlTemplate: '/pet/{petId}', headers: { api_key: 'header-key' } });
    expect(called).toEqual({ id: 7, name: '7' });
    await orval.updatePetWithForm(
      '7',
      { name: 'Rex & Co', status: 'sold' },
      { auth: { username: 'user', password: 'pass' } },
    );
    expect(last()).toMatchObject({ body: 'name=Rex+%26+Co&status=sold', headers: { authorization: BASIC } });
    expect(await orval.uploadFile('7', { file: new Blob(['bytes']) })).toEqual({ message: 'uploaded' });
    expect(last().headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
    expect(upstream.sockets.opened).toBe(1);
    expect(templates).toEqual([undefined, undefined, '/pet/{petId}', undefined, undefined]);
  });

  it('as a factory that is given the client', async () => {
    const client = await start({ baseURL: `${upstream.url}/v2`, resilience: { retry: { max: 1, baseMs: 1 } } });
    client.interceptors.request.use(urlTemplates(PATHS));
    const templates = watchTemplates();
    const pets = getPets(client);
    const responses = [
      await pets.addPet(PET),
      await pets.findPets({ status: ['sold'] }),
      await pets.getPetById('7', { timeouts: { attemptMs: 1_000 } }),
      await pets.updatePetWithForm('7', { name: 'Rex' }),
      await pets.uploadFile('7', { additionalMetadata: 'a note', file: new Blob(['bytes']) }),
    ];
    expectPooled(...responses);
    expect(templates).toEqual(['/pet', '/pet/find', '/pet/{petId}', '/pet/{petId}', '/pet/{petId}/uploadImage']);
    expect(pets.getGetPetByIdUrl('7')).toBe('/pet/7'); // it makes another instance for that
    upstream.on('GET /v2/pet/:petId', sequence(status(503), json(PET)));
    expect((await pets.getPetById('7')).attempts).toHaveLength(2);
  });
});

describe('a client of hey-api', () => {
  const auth = ({ type, scheme, in: where }: { type: string; scheme?: string; in?: string }) =>
    type === 'apiKey' ? (where === 'query' ? 'query key' : 'header-key') : scheme === 'basic' ? 'user:pass' : 'token';

  it('is given the client with `axios`, and sends and proves who one is as ever', async () => {
    const axios = await start({ baseURL: `${upstream.url}/v2` });
    axios.interceptors.request.use(urlTemplates(PATHS));
    const client = createClient(createConfig({ axios, auth }));
    const templates = watchTemplates();
    const options = { client, throwOnError: true } as const;
    const responses: AxiosResponse[] = [];

    responses.push(await heyApi.addPet({ ...options, body: PET }));
    expect(responses[0]!.data).toEqual(PET);
    expect(last()).toMatchObject({ line: 'POST /v2/pet', headers: { authorization: 'Bearer token' } });
    responses.push(
      await heyApi.findPets({ ...options, query: { status: ['available', 'sold'], tags: ['a b', 'c&d'] } }),
    );
    expect(last().line).toBe('GET /v2/pet/find?status=available,sold&tags=a%20b&tags=c%26d&query_key=query%20key');
    responses.push(await heyApi.getPetById({ ...options, path: { petId: 'a b' } }));
    expect(last()).toMatchObject({ line: 'GET /v2/pet/a%20b', headers: { api_key: 'header-key' } });
    responses.push(await heyApi.updatePetWithForm({ ...options, path: { petId: '7' }, body: { name: 'Rex & Co' } }));
    expect(last()).toMatchObject({ body: 'name=Rex+%26+Co', headers: { authorization: BASIC } });
    responses.push(await heyApi.uploadFile({ ...options, path: { petId: '7' }, body: { file: new Blob(['bytes']) } }));
    expect(last().headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
    expectPooled(...responses);
    expect(templates).toEqual(['/pet', '/pet/find', '/pet/{petId}', '/pet/{petId}', '/pet/{petId}/uploadImage']);
  });

  it('is configured later: `setConfig` replaces the defaults of the client, whose layers stay', async () => {
    const axios = await start({ resilience: { retry: { max: 1, baseMs: 1 } } });
    const client = createClient(createConfig({ axios }));
    client.setConfig({ baseURL: `${upstream.url}/v2`, headers: { 'x-own': 'yes' } });
    upstream.on('GET /v2/pet/:petId', sequence(status(503), json(PET)));
    const response = await heyApi.getPetById({ client, path: { petId: '7' } });
    expect([response.data, (response as AxiosResponse).attempts?.length]).toEqual([PET, 2]);
    expect(last().headers).toMatchObject({ 'x-own': 'yes' });
  });

  it('returns what the call failed with', async () => {
    const axios = await start({ baseURL: `${upstream.url}/v2` });
    const client = createClient(createConfig({ axios }));
    const response = await heyApi.getPetById({ client, path: { petId: 'missing' } });
    expect(response).toMatchObject({ status: 404, error: expect.anything(), attempts: [{ outcome: 404 }] });
  });
});
