import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { get, HttpApi, post } from '../../src/contracts/index.js';
import { HttpClientModule } from '../../src/index.js';
import { fakeApi, HttpClientTestingModule, HttpTestingController } from '../../src/testing/index.js';
import { Test, type TestingModule } from '@nestjs/testing';

const Repo = z.object({ id: z.number(), at: z.iso.datetime().transform((text) => new Date(text)) });

class Github extends HttpApi('github', {
  repos: get('/users/{user}/repos', {
    query: z.object({ page: z.number().optional(), q: z.string().optional() }),
    response: z.array(Repo),
    errors: { 404: z.object({ message: z.string() }) },
  }),
  open: post('/issues', { body: z.object({ title: z.string() }), response: 'text' }),
}) {
  async ids(user: string): Promise<number[]> {
    return (await this.repos({ user })).map(({ id }) => id);
  }
}

const REPO = { id: 1, at: '2026-11-28T00:00:00Z' };

let app: TestingModule | undefined;
afterEach(() => app?.close());

async function start(options: { readonly baseURL?: string } = { baseURL: 'https://api.example/v3' }) {
  app = await Test.createTestingModule({
    imports: [
      HttpClientModule.forRoot({ logging: false }),
      HttpClientModule.forFeature({ name: 'github', ...options, apis: [Github] }),
      HttpClientTestingModule,
    ],
  }).compile();
  await app.init();
  return { github: app.get(Github), controller: app.get(HttpTestingController) };
}

describe('expectOne', () => {
  it('expects a call of an endpoint with these arguments, and answers what its contract parses', async () => {
    const { github, controller } = await start();
    controller.expectOne(Github, 'repos', { user: 'a/b', query: { page: 2 } }).reply([REPO]);
    controller.expectOne(Github, 'repos', { user: 'bob' }).reply([]);
    expect(await github.ids('bob')).toEqual([]);
    expect(await github.repos({ user: 'a/b', query: { page: 2 } })).toEqual([{ id: 1, at: new Date(REPO.at) }]);
    controller.verify();
  });

  it('tells hosts of one client apart', async () => {
    const { github, controller } = await start({});
    const [one, other] = ['https://one.example', 'https://other.example'];
    controller.expectOne(Github, 'repos', {}, { baseURL: one }).reply([REPO]);
    controller.expectOne(Github, 'repos', {}, { baseURL: other }).reply([]);
    expect(await github.repos({ user: 'ada' }, { baseURL: other })).toEqual([]);
    expect(await github.repos({ user: 'ada' }, { baseURL: one })).toHaveLength(1);
    controller.verify();
  });

  it('takes other arguments for another call', async () => {
    const { github, controller } = await start();
    controller.expectOne(Github, 'open', { body: { title: 'of5' } }).reply('done');
    await expect(github.open({ body: { title: 'other' } })).rejects.toThrow();
    expect(() => controller.verify()).toThrow(/issues/);
  });

  it('refuses as the contract declares', async () => {
    const { github, controller } = await start();
    controller.expectOne(Github, 'repos').refuse(404, { message: 'of5' });
    const error: unknown = await github.ids('ada').catch((thrown: unknown) => thrown);
    expect(github.repos.isError(error, 404) && error.body).toEqual({ message: 'of5' });
    controller.verify();
  });

  it('an answer that does not fit the contract fails the test, where it is given', async () => {
    const { controller } = await start();
    const expected = controller.expectOne(Github, 'repos');
    expect(() => expected.reply([{ ...REPO, id: 'of5' as never }])).toThrow(
      'Github.repos: the answer (200) does not fit',
    );
    expect(() => expected.refuse(404, { msg: 'of5' } as never)).toThrow('message');
    controller.reset();
  });

  it('an endpoint that is none is a TypeError', async () => {
    const { controller } = await start();
    expect(() => controller.expectOne(Github, 'repo' as never)).toThrow('expected one of repos, open, got repo');
  });
});

describe('fakeApi', () => {
  it('answers without HTTP, by the contract', async () => {
    const github = fakeApi(Github, { repos: ({ user }) => [{ ...REPO, id: user.toString().length }] });
    expect(github).toBeInstanceOf(Github);
    expect(await github.ids('ada')).toEqual([3]);
    expect((await github.repos.raw({ user: 'ada' })).data).toEqual([{ id: 3, at: new Date(REPO.at) }]);
  });

  it('refuses as the contract declares', async () => {
    const github = fakeApi(Github, { repos: (_, { refuse }) => refuse(404, { message: 'of5' }) });
    const error: unknown = await github.ids('ada').catch((thrown: unknown) => thrown);
    expect(github.repos.isError(error, 404) && error.body).toEqual({ message: 'of5' });
  });

  it('fails calls whose arguments, or whose answers, do not fit', async () => {
    const github = fakeApi(Github, { repos: () => [{ id: 'of5' }] as never, open: () => 'done' });
    await expect(github.ids('ada')).rejects.toMatchObject({ code: 'ERR_RESPONSE_INVALID' });
    await expect(github.open({ body: { title: 1 as never } })).rejects.toMatchObject({ code: 'ERR_REQUEST_INVALID' });
  });

  it('fails calls of endpoints that have no fake, and refuses fakes of none', async () => {
    const github = fakeApi(Github, {});
    await expect(github.open({ body: { title: 'of5' } })).rejects.toThrow('Github.open was called, and has no fake');
    expect(() => fakeApi(Github, { repo: () => [] } as never)).toThrow('got repo');
  });
});
