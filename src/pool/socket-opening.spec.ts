import { describe, expect, it } from 'vitest';
import { openingTimes, type SocketOpening } from './socket-opening.js';

describe('openingTimes', () => {
  const opened: SocketOpening = {
    startedAt: 100,
    lookedUpAt: 110,
    connectedAt: 130,
    securedAt: 160,
    isTls: true,
    peer: '::1',
  };

  it('are the time of each step', () => {
    expect(openingTimes(opened)).toEqual({ dnsMs: 10, connectMs: 20, tlsMs: 30 });
  });

  it.each([
    ['during the look-up', 105, { dnsMs: 5, connectMs: 20, tlsMs: 30 }],
    ['after the look-up', 115, { dnsMs: undefined, connectMs: 15, tlsMs: 30 }],
    ['after the connection', 150, { dnsMs: undefined, connectMs: undefined, tlsMs: 10 }],
    ['after all of it', 161, { dnsMs: undefined, connectMs: undefined, tlsMs: undefined }],
  ])('leave out what was over before whoever got the socket came: %s', (_, from, times) => {
    expect(openingTimes(opened, from)).toEqual(times);
  });

  it.each([
    ['the look-up', { lookedUpAt: undefined, connectedAt: undefined }, { dnsMs: 15 }],
    ['the connection', { connectedAt: undefined }, { dnsMs: 10, connectMs: 5 }],
    ['the TLS handshake', { lookedUpAt: 105, connectedAt: 112 }, { dnsMs: 5, connectMs: 7, tlsMs: 3 }],
  ])('have the time so far of the step that is not done: %s', (_, steps, times) => {
    const opening = { ...opened, securedAt: undefined, ...steps };
    const none = { dnsMs: undefined, connectMs: undefined, tlsMs: undefined };
    expect(openingTimes(opening, 100, 115)).toEqual({ ...none, ...times });
  });

  it('have no TLS handshake where there is none', () => {
    const plain = { ...opened, securedAt: undefined, isTls: false };
    expect(openingTimes(plain, 100, 200)).toEqual({ dnsMs: 10, connectMs: 20, tlsMs: undefined });
  });

  it('have all until a tunnel was there in the connection', () => {
    expect(openingTimes({ ...opened, lookedUpAt: undefined })).toEqual({ dnsMs: undefined, connectMs: 30, tlsMs: 30 });
  });
});
