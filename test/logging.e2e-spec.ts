import { ConsoleLogger } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { AxiosInstance } from 'axios';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { getHttpClientToken, HttpClientModule, type HttpClientModuleOptions } from '../src/index.js';
import { startUpstream } from './support/upstream.js';

afterEach(() => {
  vi.restoreAllMocks();
});

/** What an app writes that makes one call and shuts down. */
async function written(logger: ConsoleLogger, options: HttpClientModuleOptions, status: number): Promise<string> {
  let text = '';
  const write = (chunk: string | Uint8Array) => {
    text += String(chunk);
    return true;
  };
  await using upstream = await startUpstream((_, response) => {
    response.statusCode = status;
    response.end('secret body');
  });
  const module = Test.createTestingModule({
    imports: [HttpClientModule.forRoot({ baseURL: upstream.url, ...options })],
  });
  const app = await module.setLogger(logger).compile();
  await app.init();
  vi.spyOn(process.stdout, 'write').mockImplementation(write);
  vi.spyOn(process.stderr, 'write').mockImplementation(write);
  const http = app.get<AxiosInstance>(getHttpClientToken());
  const headers = { authorization: 'Bearer secret' };
  await http.get('/users/5?token=secret', { headers, urlTemplate: '/users/{id}' }).catch(() => {});
  await app.close();
  vi.restoreAllMocks();
  expect(text).not.toContain('secret');
  return text.replaceAll(upstream.url, 'https://api.example');
}

describe('what goes to the logger of Nest', () => {
  it('is a line of text for each failed call', async () => {
    const text = await written(new ConsoleLogger({ colors: false }), {}, 503);
    expect(text).toMatch(
      /WARN \[HttpClientModule\] Client "default": GET https:\/\/api\.example\/users\/\{id\} failed: status 503, in \d+ ms ?(\+\d+ms)?\n/,
    );
    expect(text).toMatch(/Pool \w+: open → draining[^]*draining → closed/);
  });

  it('is a line of JSON with fields, where the logger writes JSON', async () => {
    const text = await written(new ConsoleLogger({ json: true }), {}, 503);
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.find(({ level }) => level === 'warn')).toMatchObject({
      message: expect.stringContaining('failed: status 503'),
      context: 'HttpClientModule',
      params: {
        client: 'default',
        method: 'GET',
        urlTemplate: '/users/{id}',
        status: 503,
        phase: 'response',
        requests: 1,
      },
    });
  });

  it('is what the options say', async () => {
    const silent = await written(new ConsoleLogger({ colors: false }), { logging: false }, 503);
    expect(silent).toBe('');
    const levels = { failedCalls: 'error', lifecycle: 'debug' } as const;
    const text = await written(new ConsoleLogger({ colors: false }), { logging: levels }, 503);
    expect(text).toMatch(/ERROR \[HttpClientModule\] Client/);
    expect(text).toMatch(/DEBUG \[HttpClientModule\] Pool/);
  });

  it('has no line about a call that went well', async () => {
    expect(await written(new ConsoleLogger({ colors: false }), {}, 200)).not.toContain('Client "default": GET');
  });

  it('refuses levels that Nest does not have', () => {
    const module = Test.createTestingModule({
      imports: [HttpClientModule.forRoot({ logging: { failedCalls: 'loud' as never, slowCalls: {} as never } })],
    });
    return expect(module.compile()).rejects.toThrow(
      /logging\.failedCalls: expected one of verbose, debug, log, warn, error, fatal, or false[^]*logging\.slowCalls\.afterMs/,
    );
  });
});
