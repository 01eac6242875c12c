import type { AxiosResponse } from 'axios';
import { expect, it } from 'vitest';
import { type Call, compose, type Layer } from './call.js';

it('runs the first listed layer outermost', async () => {
  const order: string[] = [];
  const named =
    (name: string): Layer =>
    (next) =>
    async (call) => {
      order.push(`${name} in`);
      const response = await next(call);
      order.push(`${name} out`);
      return response;
    };

  await compose([named('a'), named('b')], async () => {
    order.push('terminal');
    return {} as AxiosResponse;
  })({} as Call);

  expect(order).toEqual(['a in', 'b in', 'terminal', 'b out', 'a out']);
});

it('is the terminal itself when there is no layer', () => {
  const terminal = async () => ({}) as AxiosResponse;
  expect(compose([], terminal)).toBe(terminal);
});
