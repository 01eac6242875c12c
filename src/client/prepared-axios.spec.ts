import axios, {
  type AxiosAdapter,
  AxiosHeaders,
  type AxiosInstance,
  type AxiosRequestConfig,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { PreparedAxios } from './prepared-axios.js';
import { behavesLikeAxios, createPreparedInstance } from './prepared-instance.js';

/** Answers with the config that it got as the data. */
const echo: AxiosAdapter = async (config) => ({
  config,
  data: { ...config, headers: config.headers.toJSON() },
  headers: {},
  status: 200,
  statusText: 'OK',
});
const respondWith =
  (response: Partial<AxiosResponse>): AxiosAdapter =>
  async (config) => ({ config, data: '', headers: {}, status: 200, statusText: 'OK', ...response });

/** What each client says to the same question: axios's own first. */
const both = <T>(ask: (client: AxiosInstance) => Promise<T>, own: AxiosRequestConfig = {}): Promise<[T, T]> => {
  const config = () => ({ adapter: echo, ...own });
  return Promise.all([ask(axios.create(config())), ask(createPreparedInstance(config()))]);
};
const expectSame = async <T>(ask: (client: AxiosInstance) => Promise<T>, own?: AxiosRequestConfig): Promise<T> => {
  const [plain, prepared] = await both(ask, own);
  expect(prepared).toEqual(plain);
  return prepared;
};

afterEach(() => vi.restoreAllMocks());

describe('a prepared client', () => {
  it('has the members that axios gives its instances, by the same names and in the same order', () => {
    const shapeOf = (client: AxiosInstance) =>
      Reflect.ownKeys(client).map((key) => {
        const { value, ...attributes } = Object.getOwnPropertyDescriptor(client, key)!;
        return [key, typeof value, value?.name, value?.length, attributes];
      });
    expect(shapeOf(createPreparedInstance())).toEqual(shapeOf(axios.create()));
  });

  it('merges its defaults once for many calls', async () => {
    const merge = vi.spyOn(axios.Axios.prototype as any, '_request');
    const client = createPreparedInstance({ adapter: echo });
    for (const url of ['/1', '/2', '/3']) await client.get(url); // oxlint-disable-line no-await-in-loop -- in turn
    expect(merge).toHaveBeenCalledTimes(1);
  });

  it('sees defaults that change between two calls, but not another object in their place', async () => {
    const seen = await expectSame(async (client) => {
      const call = async () => (await client.get('/')).data;
      await call();
      client.defaults.headers.common['X-Token'] = 'second';
      const second = await call();
      client.defaults.timeout = 5;
      client.defaults = { ...client.defaults, timeout: 6 };
      return [second, await call()];
    });
    expect(seen).toMatchObject([{ headers: { 'X-Token': 'second' } }, { timeout: 5 }]);
  });

  it('takes the adapter of now, as mocks of axios put theirs in its place and back', async () => {
    const answers = await expectSame(async (client) => {
      const call = async () => (await client.post('/', { a: 1 })).data;
      const { adapter } = client.defaults;
      await call();
      client.defaults.adapter = respondWith({ data: 'mocked' });
      const mocked = await call();
      client.defaults.adapter = adapter!;
      return [mocked, (await call()).data];
    });
    expect(answers).toEqual(['mocked', '{"a":1}']);
  });

  it('falls back on the adapter axios started with, whatever was assigned to axios.defaults', async () => {
    const { defaults } = axios;
    axios.defaults = { ...defaults, adapter: echo };
    try {
      const code = await expectSame(async (client) => {
        client.defaults.adapter = null as never;
        return client.get('gopher://x').catch((error) => error.code);
      });
      expect(code).toBe('ERR_BAD_REQUEST');
    } finally {
      axios.defaults = defaults;
    }
  });

  it('calls the interceptors there are when a call begins', async () => {
    const answers = await expectSame(async (client) => {
      const order: unknown[] = [];
      const call = async () => order.push((await client.get('/')).data.timeout);
      await call();
      const request = client.interceptors.request.use((config) => ({ ...config, timeout: 1 }));
      const response = client.interceptors.response.use((given) => (order.push('response'), given));
      await call();
      client.interceptors.request.eject(request);
      await call();
      client.interceptors.response.eject(response);
      await call();
      return order;
    });
    expect(answers).toEqual([0, 'response', 1, 'response', 0, 0]);
  });

  it('merges the config of an earlier call anew, as retries send it', async () => {
    const data = await expectSame(async (client) => {
      const { config } = await client.post('/', { a: 1 }, { headers: { 'X-A': '1' } });
      client.defaults.headers.common['X-Later'] = '1';
      return [(await client(config)).data, (await client.request({ ...config, method: 'put' })).data];
    });
    expect(data[0]).toMatchObject({ data: '{"a":1}', headers: { 'X-A': '1', 'X-Later': '1' } });
  });

  it('writes nothing to what it is given, be it frozen', async () => {
    const headers = Object.freeze(new AxiosHeaders({ 'X-A': '1' }));
    const config = Object.freeze({ headers, params: Object.freeze({ q: 1 }), timeout: 5 });
    const data = Object.freeze({ nested: Object.freeze({ a: 1 }) });
    const seen = await expectSame(async (client) => (await client.post('/', data, config)).data);
    expect(seen).toMatchObject({ data: '{"nested":{"a":1}}', params: { q: 1 }, headers: { 'X-A': '1' } });
    expect(headers.toJSON()).toEqual({ 'X-A': '1' });
  });

  it('hands on what a call has under symbols', async () => {
    const key = Symbol('key');
    const seen = await expectSame(async (client) => (await client.get('/', { [key]: 'own' } as object)).config);
    expect((seen as any)[key]).toBe('own');
  });

  it('makes children of itself, form posts and addresses', async () => {
    const seen = await expectSame(
      async (client) => {
        const child = client.create({ headers: { 'X-Child': '1' } });
        const form = await child.postForm('/', { a: 1 });
        return [
          form.data.headers['X-Child'],
          (await child.get('/')).data,
          child.getUri({ url: '/a', params: { b: 1 } }),
        ];
      },
      { baseURL: 'http://base.test' },
    );
    expect(seen).toMatchObject(['1', { headers: { 'X-Child': '1' } }, 'http://base.test/a?b=1']);
  });

  it('ends an error with the stack of the caller', async () => {
    async function theCaller(client: AxiosInstance, method: 'get' | 'request') {
      await client[method]('/' as never);
    }
    const adapter = async () => {
      await Promise.resolve();
      throw new Error('from the adapter');
    };
    for (const method of ['get', 'request'] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other, to read a failure
      const stacks = await both((client) => theCaller(client, method).catch((error) => error.stack), { adapter });
      for (const stack of stacks) expect(stack).toMatch(/^Error: from the adapter\n.*\n(.*\n)*.*theCaller/);
    }
  });

  it('leaves no rejection unhandled where axios refuses the defaults', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const message = await expectSame((client) => client.get('/').catch((error) => error.message), {
      transitional: { silentJSONParsing: 'no' as never },
    });
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', unhandled);
    expect(message).toContain('silentJSONParsing');
    expect(unhandled).not.toHaveBeenCalled();
  });

  it('asks headers of a kind of their own to normalize themselves', async () => {
    class Own extends AxiosHeaders {
      override normalize(format: boolean) {
        (this as Record<string, unknown>)['x-normalized'] = 'by itself';
        return super.normalize(format);
      }
    }
    const headers = await expectSame(async (client) => Object.entries((await client.get('/')).headers), {
      adapter: async (config) => respondWith({ headers: new Own({ 'x-a': '1' }) })(config),
    });
    expect(headers).toContainEqual(['x-normalized', 'by itself']);
  });

  it('accepts header names of any length', async () => {
    const name = `x-${'long'.repeat(100)}`;
    const seen = await expectSame(async (client) => {
      const response = await client.get('/', { headers: { [name]: ' 1 ' } });
      return response.data.headers[name];
    });
    expect(seen).toBe('1');
  });
});

describe('a prepared client, with axios wrapped', () => {
  it('leaves its calls to whatever request was put in the place of that of axios', async () => {
    const clients = [axios.create({ adapter: echo }), createPreparedInstance({ adapter: echo })];
    const configs: unknown[] = [];
    vi.spyOn(axios.Axios.prototype, 'request').mockImplementation(async (config: unknown) => configs.push(config));
    for (const client of clients) await client.get('/', { timeout: 5 }); // oxlint-disable-line no-await-in-loop
    expect(configs).toHaveLength(2);
    expect(configs[1]).toEqual(configs[0]);
  });

  it('calls no wrapped request of its own accord', async () => {
    const client = createPreparedInstance({ adapter: echo });
    const request = vi.spyOn(axios.Axios.prototype, 'request');
    await client.request({ url: '/' });
    await client.request({ url: '/', method: 'post' });
    expect(request).not.toHaveBeenCalled(); // an instance has its own from when it was made
  });

  it('is plain axios, where a method of its class has been replaced before', async () => {
    vi.spyOn(axios.Axios.prototype, 'get').mockResolvedValue('replaced');
    expect(await createPreparedInstance({ adapter: echo }).get('/')).toBe('replaced');
  });

  it('is whatever a replaced axios.create returns', () => {
    const fake = {} as AxiosInstance;
    vi.spyOn(axios, 'create').mockReturnValue(fake);
    expect(createPreparedInstance()).toBe(fake);
  });
});

describe('behavesLikeAxios', () => {
  it('is what a prepared client does', () => {
    expect(behavesLikeAxios(axios.Axios, PreparedAxios)).toBe(true);
  });

  it('is not what a class does that sends one header more', () => {
    class Chatty extends axios.Axios {
      async _request(config: InternalAxiosRequestConfig) {
        return (axios.Axios.prototype as any)._request.call(this, { ...config, headers: { 'X-More': '1' } });
      }
    }
    expect(behavesLikeAxios(axios.Axios, Chatty)).toBe(false);
  });

  it('tries nothing with an axios that is wrapped', () => {
    const request = vi.spyOn(axios.Axios.prototype, 'request');
    expect(behavesLikeAxios(axios.Axios, PreparedAxios)).toBe(false);
    expect(request).not.toHaveBeenCalled();
  });
});
