import { afterEach, describe, expect, it } from 'vitest';
import { isPolluted, ownSettings, shadowInherited, withoutPrototype } from './prototype-pollution.js';

const everyObject = Object.prototype as Record<string, unknown>;
const pollute = (name: string, value: unknown) => void (everyObject[name] = value);

afterEach(() => {
  for (const name of ['proxy', 'host', 'checkServerIdentity']) delete everyObject[name];
});

it('tells whether anything is on Object.prototype', () => {
  expect(isPolluted()).toBe(false);
  pollute('proxy', undefined);
  expect(isPolluted()).toBe(true);
});

it('tells it of what leads calls elsewhere where nobody can list it', () => {
  Object.defineProperty(everyObject, 'proxy', { value: 'evil', writable: true, configurable: true });
  expect(isPolluted()).toBe(true);
});

describe('shadowInherited', () => {
  it('hides what nobody can list, and leaves what the language gives every object', () => {
    Object.defineProperty(everyObject, 'host', { value: 'evil', writable: true, configurable: true });
    const options = Object.assign({}, shadowInherited<Record<string, unknown>>({ port: 1 }));
    expect(options).toEqual({ port: 1, host: undefined });
    expect(Object.keys(options)).toEqual(['port', 'host']);
  });

  it('makes what options only seem to have undefined, in copies, too', () => {
    pollute('host', 'evil');
    pollute('proxy', 'evil');
    const options = Object.assign({}, shadowInherited<Record<string, unknown>>({ host: 'mine' }));
    expect([options['host'], options['proxy']]).toEqual(['mine', undefined]);
  });

  it('leaves what tls.connect has a value of its own for', () => {
    pollute('checkServerIdentity', () => undefined);
    expect(Object.hasOwn(shadowInherited({}), 'checkServerIdentity')).toBe(false);
  });
});

describe('ownSettings', () => {
  const limiter = new (class Limiter {})();

  it('are the very settings while nothing is', () => {
    const settings = { retry: { max: 1 } };
    expect(ownSettings(settings)).toBe(settings);
  });

  it('are a copy that inherits nothing, class instances and lists as they are', () => {
    pollute('host', 'evil');
    const list = [{}];
    const settings = { retry: { max: 1 }, limiter, list, nothing: null };
    const own: Record<string, any> = ownSettings(settings);
    expect(own).not.toBe(settings);
    expect([own['host'], own['retry'].host, own['retry'].max, own['nothing']]).toEqual([undefined, undefined, 1, null]);
    expect([own['limiter'], own['list']]).toEqual([limiter, list]);
    expect(own['limiter']).toBe(limiter);
  });

  it('keep an entry that is named __proto__ an entry', () => {
    pollute('host', 'evil');
    const own = ownSettings(JSON.parse('{ "__proto__": { "a": 1 } }') as object);
    expect(Object.keys(own)).toEqual(['__proto__']);
    expect('a' in own).toBe(false);
  });
});

it('withoutPrototype inherits nothing', () => {
  expect(Object.getPrototypeOf(withoutPrototype({ a: 1 }))).toBeNull();
});
