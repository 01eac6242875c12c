import { expect, it } from 'vitest';
import { hostAddress } from './host-address.js';

it.each([
  ['10.0.0.7', { ip: '10.0.0.7', family: 4, port: undefined }],
  ['10.0.0.7:8080', { ip: '10.0.0.7', family: 4, port: 8_080 }],
  ['fd00::7', { ip: 'fd00::7', family: 6, port: undefined }],
  ['[fd00::7]:8080', { ip: 'fd00::7', family: 6, port: 8_080 }],
])('%s is an address', (text, address) => {
  expect(hostAddress(text)).toEqual(address);
});

it.each([
  '',
  'orders',
  'orders:80',
  '10.0.0',
  '10.0.0.7:0',
  '10.0.0.7:65536',
  '10.0.0.7:',
  '[10.0.0.7]:80',
  '[fd00::7]',
  '::1:',
])('%j is none', (text) => {
  expect(hostAddress(text)).toBeUndefined();
});
