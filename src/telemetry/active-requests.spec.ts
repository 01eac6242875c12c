import type { MeterProvider, ObservableResult, ObservableUpDownCounter } from '@opentelemetry/api';
import { expect, it } from 'vitest';
import { ActiveRequests } from './active-requests.js';
import { SeriesMap } from './series.js';

function setUp() {
  let tell!: (result: ObservableResult) => unknown;
  const counter = { addCallback: (callback: typeof tell) => (tell = callback) } as unknown as ObservableUpDownCounter;
  const provider = {} as MeterProvider;
  const active = ActiveRequests.of(provider, counter);
  /** Each as its value and its attributes. */
  const told = () => {
    const all: unknown[][] = [];
    tell({ observe: (value, attributes) => all.push([value, attributes]) });
    return all;
  };
  return { active, told, again: () => ActiveRequests.of(provider, counter), series: new SeriesMap() };
}

const GET = { 'http.request.method': 'GET', 'server.address': 'a.example', 'server.port': 80 };

it('tells what is under way, of all apps together, and once more that it has ended', () => {
  const { active, told, again, series } = setUp();
  const own = series.of('GET', 'http://a.example', undefined);
  active.begin(own);
  again().begin(new SeriesMap().of('GET', 'http://a.example', undefined));
  expect(told()).toEqual([[2, GET]]);
  active.end(own);
  expect(told()).toEqual([[1, GET]]);
});

it('tells that none is under way once, not for ever', () => {
  const { active, told, series } = setUp();
  const own = series.of('GET', 'http://a.example', undefined);
  active.begin(own);
  active.end(own);
  expect(told()).toEqual([[0, GET]]);
  expect(told()).toEqual([]);
  active.begin(own);
  expect(told()).toEqual([[1, GET]]);
});

it('counts methods that nobody knows as one', () => {
  const { active, told, series } = setUp();
  for (const method of ['BREW', 'WHEN']) active.begin(series.of(method, 'http://a.example', undefined));
  expect(told()).toEqual([[2, { ...GET, 'http.request.method': '_OTHER' }]]);
});

it('forgets what has ended where nobody collects, never what is under way', () => {
  const { active, told, series } = setUp();
  const first = series.of('GET', 'http://first.example', undefined);
  active.begin(first);
  for (let n = 0; n < 5_000; n++) {
    const one = series.of('GET', `http://${n}.example`, undefined);
    active.begin(one);
    active.end(one);
  }
  const all = told();
  expect(all.length).toBeLessThanOrEqual(2_001);
  expect(all[0]).toEqual([1, { ...GET, 'server.address': 'first.example' }]);
});
