import { describe, expect, it } from 'vitest';
import { resolveModuleOptions, resolveNamedOptions } from './resolve-options.js';
import type { TelemetryOptions } from './resolve-sections.js';

const ofModule = (telemetry?: boolean | TelemetryOptions) => resolveModuleOptions({ telemetry }).client;
const ofNamed = (module: boolean | TelemetryOptions | undefined, named?: boolean | TelemetryOptions) =>
  resolveNamedOptions({ name: 'a', telemetry: named }, ofModule(module)).telemetry;

const ON = { tracing: true, metrics: true, propagate: true };

describe('the option telemetry', () => {
  it.each<[boolean | TelemetryOptions | undefined, unknown]>([
    [undefined, ON],
    [true, ON],
    [{}, ON],
    [false, false],
    [{ tracing: false }, { ...ON, tracing: false }],
    [{ metrics: false }, { ...ON, metrics: false }],
    [{ propagate: ['https://a.example'] }, { ...ON, propagate: ['https://a.example'] }],
  ])('%o is %o', (given, resolved) => {
    expect(ofModule(given).telemetry).toEqual(resolved);
  });

  it.each<[boolean | TelemetryOptions | undefined, boolean | TelemetryOptions | undefined, unknown]>([
    [undefined, undefined, ON],
    [false, undefined, false],
    [false, true, ON],
    [{ metrics: false }, true, { ...ON, metrics: false }],
    [{ metrics: false }, { propagate: false }, { ...ON, metrics: false, propagate: false }],
    [false, { propagate: false }, { ...ON, propagate: false }],
    [true, false, false],
  ])('%o of the module and %o of a named client is %o', (module, named, resolved) => {
    expect(ofNamed(module, named)).toEqual(resolved);
  });

  it.each([
    ['on', 'telemetry: expected an object, true or false, got "on"'],
    [
      { trace: true },
      'telemetry.trace: expected one of the options tracing, metrics, propagate, got an unknown option',
    ],
    [{ tracing: 1 }, 'telemetry.tracing: expected true or false, got 1'],
    [
      { propagate: 'https://a.example' },
      'telemetry.propagate: expected true, false or an array of origins, got "https://a.example"',
    ],
    [
      { propagate: ['a.example'] },
      'telemetry.propagate.0: expected an origin, as \'https://api.example.com\', got "a.example"',
    ],
  ])('%o is refused', (given, problem) => {
    expect(() => ofModule(given as never)).toThrow(problem);
  });
});
