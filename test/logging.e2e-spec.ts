import { ConsoleLogger, type LoggerService } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { AxiosInstance } from 'axios';
import { ConsoleLogger as ConsoleLoggerOfNest11 } from 'nestjs-common-11';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { getHttpClientToken, HttpClientModule, type HttpClientModuleOptions } from '../src/index.js';
import { startUpstream } from './support/upstream.js';

afterEach(() => {
  vi.restoreAllMocks();
});

/** What an app writes that makes one call and shuts down. */
async function written(logger: LoggerService, options: HttpClientModuleOptions, status: number): Promise<string> {
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

  it('is one line of text with the logger of Nest 11, too', async () => {
    const text = await written(new ConsoleLoggerOfNest11({ colors: false }), {}, 503);
    const lines = text.split('\n').filter((line) => !line.includes('Pool'));
    expect(lines).toEqual([
      expect.stringMatching(/WARN \[HttpClientModule\] Client "default": .*, in \d+ ms( \+\d+ms)?$/),
      '',
    ]);
    const colored = await written(new ConsoleLoggerOfNest11({ colors: true }), {}, 503);
    expect(colored).toContain('Client "default": GET https://api.example/users/{id} failed: status 503');
    expect(colored).not.toMatch(/Object|LogLine|urlTemplate/);
  });

  it('is one line of JSON with fields with the logger of Nest 11, too', async () => {
    const text = await written(new ConsoleLoggerOfNest11({ json: true }), {}, 503);
    const warnings = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ level }) => level === 'warn');
    expect(warnings).toMatchObject([
      { context: 'HttpClientModule', message: { message: expect.stringContaining('failed: status 503'), status: 503 } },
    ]);
  });

  /** As nestjs-pino and nest-winston read what they are given. */
  it('is an object with the line and the fields for other loggers, and the line where they print it', async () => {
    const warnings: unknown[][] = [];
    const ignore = () => {};
    const logger: LoggerService = { log: ignore, error: ignore, warn: (...given) => void warnings.push(given) };
    await written(logger, {}, 503);
    const [[message, ...rest]] = warnings as [[Record<'message', string> & { toString(): string }, ...unknown[]]];
    expect(rest).toEqual(['HttpClientModule']); // nest-winston takes the next one for the context
    const line = expect.stringContaining('Client "default": GET');
    expect({ ...message }).toMatchObject({
      message: line,
      msg: line,
      client: 'default',
      status: 503,
      phase: 'response',
    });
    for (const text of [message.toString(), inspect(message)])
      expect(text).toMatch(/^Client "default": GET [^{]*\/users\/\{id\} failed/);
  });

  it('warns of no answer that blames the caller', async () => {
    const text = await written(new ConsoleLogger({ colors: false }), {}, 404);
    expect(text).toMatch(/DEBUG \[HttpClientModule\] Client "default": .* failed: status 404/);
    expect(text).not.toContain('WARN');
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
