import type { Axios, AxiosHeaders, AxiosRequestConfig, InternalAxiosRequestConfig } from 'axios';
import { isDeepStrictEqual } from 'node:util';

/**
 * Whether a subclass makes of a few calls what the axios that is installed makes of them: the subclass overrides what is
 * not in axios's types. The calls are over at once, as axios calls the adapter before it returns, and what this one
 * answers only looks like a promise.
 */
export function behavesLikeAxios(plain: typeof Axios, subclass: typeof Axios): boolean {
  // Someone has wrapped it, to count or trace calls, before this package was loaded: not a function to try things with.
  // oxlint-disable-next-line typescript/unbound-method -- only to read its source
  if (!String(plain.prototype.request).includes('_request')) return false;
  let trace: unknown[] = [];
  const adapter = (config: InternalAxiosRequestConfig) => {
    trace.push(Reflect.ownKeys(config), { ...config }, Object.entries(config.headers));
    return settledAnswer(config, (answer) => trace.push(answer));
  };
  const traces = [plain, subclass].map((Client) => {
    trace = [];
    makeCalls(new Client({ ...DEFAULTS, adapter }));
    return trace;
  });
  return isDeepStrictEqual(traces[0], traces[1]);
}

const DEFAULTS = {
  transitional: { silentJSONParsing: true },
  transformRequest: [
    (data: unknown, headers: AxiosHeaders) => JSON.stringify([data, headers.setAccept('*/*').getContentType()]),
  ],
  transformResponse: [
    (data: unknown, headers: AxiosHeaders, status?: number) => ({ data, headers: { ...headers.toJSON() }, status }),
  ],
  headers: {
    common: { Accept: 'text/plain', 'Content-Type': undefined },
    get: {},
    post: { 'X-Post': '1' },
    'x-flat': 1,
  },
} as unknown as AxiosRequestConfig;

function makeCalls(client: Axios): void {
  const calls = [
    client.get('/get', { headers: { accept: 'text/html', 'X-Own': '1' }, params: { a: 1 }, timeout: 5 }),
    client.post('/post', { nested: { list: [1] } }),
    client.put('/put'),
    client.request({ url: '/fails', method: 'DELETE', data: 'text' }),
  ];
  for (const call of calls) call.catch(() => {});
}

/** A promise as far as axios's `then` can see. */
function settledAnswer(config: InternalAxiosRequestConfig, onSettled: (answer: object) => void): Promise<any> {
  const response: Record<string, unknown> = {
    data: '{}',
    status: 200,
    headers: { 'Content-Type': 'text/plain' },
    config,
  };
  const settle = (resolved: (response: object) => unknown, rejected: (reason: object) => Promise<never>) => {
    const result = config.url === '/fails' ? rejected({ response }) : resolved(response);
    onSettled({ ...response, duration: typeof response['duration'] });
    return result;
  };
  // oxlint-disable-next-line unicorn/no-thenable -- it is for nobody but axios, which calls it at once
  return { then: settle } as unknown as Promise<any>;
}
