import axios from 'axios';
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { isReplayableBody } from './http-rules.js';

it.each([
  ['no body', undefined],
  ['null', null],
  ['a string', 'text'],
  ['a Buffer', Buffer.from('bytes')],
  ['an ArrayBuffer', new ArrayBuffer(1)],
  ['a Blob', new Blob(['bytes'])],
  ['a FormData', new FormData()],
  ['URLSearchParams', new URLSearchParams('a=b')],
])('%s can be sent twice', (_, data) => {
  expect(isReplayableBody(data)).toBe(true);
});

it.each([
  ['a stream', Readable.from(['a'])],
  ['a web stream', new Blob(['bytes']).stream()],
  ['a form of the form-data package', axios.toFormData({ a: 1 })],
])('%s cannot', (_, data) => {
  expect(isReplayableBody(data)).toBe(false);
});
