import type { Type } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import type { Handler, Layer } from '../call/call.js';
import {
  type CustomLayer,
  type HttpClientLayer,
  LAYER_NAMES,
  layerClasses,
  placedLayers,
  standardStack,
} from './order.js';

const pass: Layer = (next) => next;
const names = (layers: readonly CustomLayer[] = []) => {
  const instances = layerClasses(layers).map((type) => new type());
  const all = Object.fromEntries(LAYER_NAMES.map((name) => [name, pass]));
  return standardStack({ ...all, coalesce: undefined }, placedLayers(layers, instances)).map(({ name }) => name);
};

class Signing implements HttpClientLayer {
  wrap(next: Handler): Handler {
    return (call) => next(call);
  }
}

describe('standardStack', () => {
  it('has the layers that are on, in THE order', () => {
    expect(names()).toEqual([
      'callEvents',
      'admission',
      'confine',
      'guard',
      'inboundContext',
      'deadline',
      'cache',
      'concurrency',
      'retry',
      'auth',
      'rateLimit',
      'hedge',
      'breaker',
      'concurrencySample',
      'inboundDeadline',
      'telemetry',
      'attemptEvents',
      'responseCheck',
      'attemptTimeout',
    ]);
  });

  it('puts a layer of the user right within the deadline, unless it is told a place', () => {
    const tracing: Layer = (next) => next;
    const stack = names([tracing, { use: Signing, after: 'breaker' }, { use: pass, before: 'admission' }]);
    expect(stack[stack.indexOf('admission') - 1]).toBe('pass');
    expect(stack[stack.indexOf('deadline') + 1]).toBe('tracing');
    expect(stack[stack.indexOf('breaker') + 1]).toBe('Signing');
  });

  it('keeps the place of a layer next to one that is off', () => {
    const stack = names([{ use: pass, after: 'coalesce' }]);
    expect(stack.indexOf('pass')).toBe(stack.indexOf('cache') + 1);
  });

  it('keeps the order of several at one place', () => {
    const first: Layer = (next) => next;
    const second: Layer = (next) => next;
    const stack = names([
      { use: first, after: 'retry' },
      { use: second, after: 'retry' },
    ]);
    expect(stack.slice(stack.indexOf('retry') + 1, stack.indexOf('retry') + 3)).toEqual(['first', 'second']);
  });
});

describe('a class for a layer', () => {
  it('wraps with its own instance', async () => {
    class Numbered implements HttpClientLayer {
      readonly wrapped: Handler[] = [];
      wrap(next: Handler): Handler {
        this.wrapped.push(next);
        return next;
      }
    }
    const instance = new Numbered();
    const [placed] = placedLayers([Numbered as Type<HttpClientLayer>], [instance]);
    const next: Handler = () => new Promise(() => {});
    placed!.layer(next);
    expect(instance.wrapped).toEqual([next]);
  });
});

it('puts a layer where it was told to, whatever is on Object.prototype', () => {
  const everyObject = Object.prototype as Record<string, unknown>;
  everyObject['before'] = 'admission';
  try {
    const place = { after: 'retry' } as const;
    expect(standardStack({}, [{ name: 'own', layer: (next) => next, place }])).toHaveLength(1);
  } finally {
    delete everyObject['before'];
  }
});
