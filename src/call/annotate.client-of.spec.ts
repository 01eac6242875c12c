import { AxiosError, AxiosHeaders } from 'axios';
import { expect, it } from 'vitest';
import { ClientClosedError } from '../errors/refusal.errors.js';
import { clientOf, rememberClient } from './annotate.js';
import { createCall } from './call.js';

it('knows the client of an error that a call ended with', () => {
  const error = new AxiosError('reset');
  expect(clientOf(error)).toBeUndefined();
  rememberClient(error, 'orders');
  expect(clientOf(error)).toBe('orders');
  expect(Object.keys(error)).not.toContain('client');
});

it("takes the library's own errors at their word", () => {
  const error = ClientClosedError.refused(createCall({ headers: new AxiosHeaders() }, 'orders'));
  expect(clientOf(error)).toBe('orders');
});

it('does not mind what is thrown', () => {
  for (const thrown of [undefined, null, 'text', 5, Object.freeze({})]) rememberClient(thrown, 'orders');
});
