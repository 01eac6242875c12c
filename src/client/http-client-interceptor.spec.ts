import axios, { type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { describe, expect, it } from 'vitest';
import { type HttpClientInterceptor, registerInterceptors } from './create-client.js';

const answer = (config: InternalAxiosRequestConfig): AxiosResponse => ({
  config,
  data: 'answer',
  headers: {},
  status: 200,
  statusText: 'OK',
});

describe('registerInterceptors', () => {
  it('wraps the call: requests run first to last, responses last to first', async () => {
    const order: string[] = [];
    class Named implements HttpClientInterceptor {
      constructor(readonly name: string) {}
      onRequest(config: InternalAxiosRequestConfig) {
        order.push(`${this.name} request`);
        return config;
      }
      onResponse(response: AxiosResponse) {
        order.push(`${this.name} response`);
        return response;
      }
    }
    const instance = axios.create({ adapter: async (config) => answer(config) });
    registerInterceptors(instance, [new Named('a'), new Named('b')]);
    await instance.get('/');
    expect(order).toEqual(['a request', 'b request', 'b response', 'a response']);
  });

  it('lets an interceptor answer a call that failed', async () => {
    const instance = axios.create({ adapter: () => Promise.reject(new Error('dead')) });
    const config = { headers: new axios.AxiosHeaders() };
    registerInterceptors(instance, [{ onError: () => answer(config) }]);
    expect((await instance.get('/')).data).toBe('answer');
  });

  it('shows an outer interceptor what an inner one threw', async () => {
    const seen: unknown[] = [];
    const instance = axios.create({ adapter: async (config) => answer(config) });
    registerInterceptors(instance, [
      {
        onError: (error) => {
          seen.push(error);
          throw error;
        },
      },
      {
        onResponse: () => {
          throw new Error('inner');
        },
      },
    ]);
    await expect(instance.get('/')).rejects.toThrow('inner');
    expect(seen).toEqual([new Error('inner')]);
  });

  it('refuses a class that intercepts nothing', () => {
    class Idle {}
    expect(() => registerInterceptors(axios.create(), [new Idle()])).toThrow(
      'interceptors: expected classes with onRequest, onResponse or onError, got Idle',
    );
  });
});
