import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSettings } from '../src/settings/read-settings.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'travel-desk-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function fileWith(content: unknown): string {
  const file = join(folder, 'config.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

it('are fifty endpoints every ten seconds where nothing is set', () => {
  const { monitor, ...settings } = readSettings({});
  expect(settings).toEqual({
    host: '127.0.0.1',
    publicHosts: [],
    port: 8_000,
    upstreamPort: 8_001,
    attemptMs: 3_000,
    engine: 'node:http',
    seed: 1,
    fares: { deadlineMs: 2_000, attemptMs: 1_500, maxSockets: 48 },
  });
  expect(monitor).toMatchObject({
    intervalMs: 10_000,
    jitterMs: 2_000,
    historySize: 60,
    slowMs: 500,
    maxSockets: 50,
    sliceSize: 50,
  });
  expect(monitor.endpoints).toHaveLength(50);
  expect(new Set(monitor.endpoints.map((endpoint) => 'behaviour' in endpoint && endpoint.behaviour))).toEqual(
    new Set(['healthy', 'slow', 'flapping', 'dead', 'rate-limiting', 'redirecting', 'expired-tls']),
  );
});

it('come from a file', () => {
  const endpoints = [
    { id: 'mine', url: 'https://status.example.com/health' },
    { id: 'theirs', behaviour: 'flapping' },
  ];
  const settings = readSettings({ TRAVEL_DESK_CONFIG: fileWith({ port: 9_000, monitor: { endpoints } }) });
  expect(settings).toMatchObject({ port: 9_000, upstreamPort: 8_001, monitor: { intervalMs: 10_000, endpoints } });
});

it('come from the environment before the file', () => {
  const file = fileWith({ port: 9_000, monitor: { intervalMs: 5_000, maxSockets: 7 } });
  const settings = readSettings({
    TRAVEL_DESK_CONFIG: file,
    HOST: '0.0.0.0',
    PORT: '9001',
    MONITOR_INTERVAL_MS: '3000',
    FARES_DEADLINE_MS: '700',
    REDIS_URL: 'redis://cache:6379',
    MONITOR_SLICE_SIZE: '10',
  });
  expect(settings).toMatchObject({
    host: '0.0.0.0',
    port: 9_001,
    monitor: { intervalMs: 3_000, maxSockets: 7, sliceSize: 10 },
    redisUrl: 'redis://cache:6379',
    fares: { deadlineMs: 700 },
  });
});

it('have pings of a short round wait no longer than a fifth of it', () => {
  expect(readSettings({ MONITOR_INTERVAL_MS: '1000' }).monitor).toMatchObject({ intervalMs: 1_000, jitterMs: 200 });
});

describe('a problem names the setting, what is expected, and what there is', () => {
  it.each([
    [{ port: 70_000 }, 'port: expected a port from 0 to 65535, got 70000'],
    [{ port: '80' }, 'port: expected a port from 0 to 65535, got "80"'],
    [{ host: '' }, 'host: expected an IP address, got ""'],
    [{ prot: 80 }, 'prot: there is no such setting'],
    [{ monitor: 5 }, 'monitor: expected an object, got 5'],
    [{ monitor: { every: 1 } }, 'monitor.every: there is no such setting'],
    [
      { monitor: { intervalMs: 1e9 } },
      'monitor.intervalMs: expected a whole number from 50 to 86400000, got 1000000000',
    ],
    [{ monitor: { jitterMs: 10_000 } }, 'monitor.jitterMs: expected less than intervalMs, got 10000'],
    [{ fares: { maxSockets: 7 } }, 'fares.maxSockets: expected a whole number from 8 to 10000, got 7'],
    [
      { redisUrl: 'localhost:6379' },
      'redisUrl: expected a URL as redis://host:6379, or rediss: for TLS, got "localhost:6379"',
    ],
    [{ allowedPorts: ['80'] }, 'allowedPorts: expected a list of ports, or false, got ["80"]'],
  ])('%j', (content, problem) => {
    const file = fileWith(content);
    expect(() => readSettings({ TRAVEL_DESK_CONFIG: file })).toThrow(new Error(`${file}: ${problem}`));
  });

  it.each([
    ['has an id that is no path segment', { id: 'a/b', url: 'http://a.example' }],
    ['has a URL of another scheme', { id: 'a', url: 'ftp://a.example' }],
    ['has no URL', { id: 'a' }],
    ['has a behaviour that there is not', { id: 'a', behaviour: 'moody' }],
    ['has both', { id: 'a', behaviour: 'slow', url: 'http://a.example' }],
  ])('of an endpoint that %s', (_, endpoint) => {
    const file = fileWith({ monitor: { endpoints: [endpoint] } });
    expect(() => readSettings({ TRAVEL_DESK_CONFIG: file })).toThrow(/config\.json: monitor\.endpoints\.0/);
  });

  it('of two endpoints with one id', () => {
    const one = { id: 'a', behaviour: 'slow' };
    const file = fileWith({ monitor: { endpoints: [one, one] } });
    expect(() => readSettings({ TRAVEL_DESK_CONFIG: file })).toThrow('monitor.endpoints: expected every id once, got');
  });

  it('and where it was set; all of them at once', () => {
    const file = fileWith({ seed: -1 });
    expect(() => readSettings({ TRAVEL_DESK_CONFIG: file, PORT: 'http', FARES_DEADLINE_MS: '' })).toThrow(
      new Error(
        'PORT: expected a port from 0 to 65535, got "http"\n' +
          `${file}: seed: expected a whole number from 0 to 4294967295, got -1\n` +
          'FARES_DEADLINE_MS: expected a whole number from 1 to 60000, got ""',
      ),
    );
  });

  it.each([
    ['is no JSON', '{', /^TRAVEL_DESK_CONFIG: .*config\.json cannot be read: /],
    ['is no object', '[]', /^TRAVEL_DESK_CONFIG: .*config\.json: expected an object$/],
  ])('of a file that %s', (_, content, problem) => {
    expect(() => readSettings({ TRAVEL_DESK_CONFIG: fileWith(content) })).toThrow(problem);
  });

  it('of a file that is not there', () => {
    expect(() => readSettings({ TRAVEL_DESK_CONFIG: join(folder, 'none.json') })).toThrow(/cannot be read: ENOENT/);
  });
});
