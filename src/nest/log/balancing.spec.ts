import { describe, expect, it } from 'vitest';
import { HttpClientEvents } from '../../call/event-sink.js';
import type { HttpClientOptions } from '../../options/http-client-options.js';
import { resolveModuleOptions } from '../../options/resolve-options.js';
import { logAddresses, serviceHints } from './balancing.js';

const SERVICE = 'http://orders.shop.svc.cluster.local:3000';

const hintsFor = (options: HttpClientOptions) =>
  serviceHints(resolveModuleOptions(options).client, [{ from: 'module', options }]);

describe('the hint for a Service of Kubernetes', () => {
  it('says what to consider', () => {
    expect(hintsFor({ baseURL: `${SERVICE}/v1` })).toEqual([
      `Client "default": ${SERVICE} is a Service of Kubernetes. Sockets stay with the pods that they were opened to, so a few pods may get most calls. ` +
        `Consider a headless Service with origins['${SERVICE}'].addresses: true, or pool.scheduling: 'fifo'; 'lifo' keeps it as it is (docs/load-balancing.md)`,
    ]);
  });

  it.each(['http://orders.shop.svc', 'https://orders.shop.svc.cluster.local.'])('is there for %s', (origin) => {
    expect(hintsFor({ origins: { [origin]: {} } })).toHaveLength(1);
  });

  it.each(['http://orders', 'https://api.example.com', 'https://svc.example.com', 'http://127.0.0.1'])(
    'is not there for %s',
    (baseURL) => {
      expect(hintsFor({ baseURL })).toEqual([]);
    },
  );

  it.each<HttpClientOptions>([
    { pool: { scheduling: 'lifo' } },
    { origins: { [SERVICE]: { pool: { scheduling: 'fifo' } } } },
    { origins: { [SERVICE]: { addresses: true } } },
    { origins: { [SERVICE]: { addresses: false } } },
  ])('is not there for a client that has decided: %j', (options) => {
    expect(hintsFor({ baseURL: SERVICE, ...options })).toEqual([]);
  });
});

it('an address that is ejected is logged, and when it answers again', () => {
  const events = new HttpClientEvents();
  const lines: string[] = [];
  const end = logAddresses(events, 'log', (level, line) => lines.push(`${level}: ${line}`));
  const event = {
    pool: 'p1',
    origin: 'http://orders.test',
    address: '10.0.0.7',
    cause: undefined,
    ejectedMs: undefined,
  };
  events.publish('address', { ...event, change: 'added' });
  events.publish('address', { ...event, change: 'ejected', cause: '503', ejectedMs: 30_000 });
  events.publish('address', { ...event, change: 'returned' });
  events.publish('address', { ...event, change: 'removed' });
  end();
  events.publish('address', { ...event, change: 'returned' });
  expect(lines).toEqual([
    'warn: Pool p1: the address 10.0.0.7 of http://orders.test gets no requests for 30000 ms: it fails (503)',
    'log: Pool p1: the address 10.0.0.7 of http://orders.test answers again',
  ]);
});
