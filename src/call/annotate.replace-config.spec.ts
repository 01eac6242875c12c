import { AxiosError, AxiosHeaders, type InternalAxiosRequestConfig } from 'axios';
import { expect, it } from 'vitest';
import { replaceConfig } from './annotate.js';

const configOf = (url: string): InternalAxiosRequestConfig => ({ url, headers: new AxiosHeaders() });
const own = configOf('/own');
const derived = configOf('/derived');
const foreign = configOf('/token');

it('replaces a config in an error, its causes and their responses, but no other', () => {
  const response = { status: 500, statusText: '', headers: {}, data: '', config: derived };
  const inner = new AxiosError('inner', 'C', derived);
  const others = new AggregateError([
    new AxiosError('one', 'C', derived),
    new AxiosError('other', 'C', foreign),
    'text',
  ]);
  const error = AxiosError.from(inner, 'C', derived, undefined, response);
  inner.cause = others;
  others.cause = error; // a circle
  replaceConfig(error, [derived], own);
  expect([error.config, error.response!.config, inner.config]).toEqual([own, own, own]);
  expect(error.config).toBe(own);
  expect(others.errors.map((entry) => entry.config?.url)).toEqual(['/own', '/token', undefined]);
});

it('does not mind what is thrown', () => {
  for (const thrown of [
    undefined,
    null,
    'text',
    { config: derived },
    Object.freeze(new AxiosError('m', 'C', derived)),
  ]) {
    replaceConfig(thrown, [derived], own);
  }
});
