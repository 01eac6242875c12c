import type { LookupAddress } from 'node:dns';
import { describe, expect, it } from 'vitest';
import { GUARD_DEFAULTS } from '../options/resolve-sections.js';
import { addressGuard, AddressRefusal, refusalIn, type ResolveHost } from './address-guard.js';

const found =
  (...addresses: string[]): ResolveHost =>
  (_, __, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
const guardOf = (options: object = {}, resolve?: ResolveHost) =>
  addressGuard({ ...GUARD_DEFAULTS, ...options }, resolve);

describe('an origin', () => {
  it.each([
    ['http://example.com', undefined],
    ['https://example.com', undefined],
    ['http://example.com:443', undefined],
    ['http://8.8.8.8', undefined],
    ['https://[2606:4700::1111]', undefined],
    ['http://localhost', undefined], // the look-up's to say
    ['invalid URL', undefined], // axios's to say
    ['http://127.0.0.1', 'loopback'],
    ['http://[::1]', 'loopback'],
    ['http://example.com:8080', 'port'],
    ['http://127.0.0.1:8080', 'port'],
    ['ftp://example.com', 'scheme'],
    ['null', 'scheme'],
    ['unix:/var/run/docker.sock', 'unix socket'],
    ['http://10.1.2.3', 'blockCidrs 10.1.0.0/16'],
    ['http://8.8.4.4', 'blockCidrs 8.8.4.0/24'],
  ])('%s: %s', (origin, rule) => {
    const { judgeOrigin } = guardOf({ blockCidrs: ['10.1.0.0/16', '8.8.4.0/24'] });
    expect(judgeOrigin(origin)).toBe(rule);
    expect(judgeOrigin(origin)).toBe(rule); // as it is remembered
  });

  it('may have the ports that are listed, or any', () => {
    const listed = guardOf({ allowPorts: [8_080] });
    expect(listed.judgeOrigin('http://example.com:8080')).toBeUndefined();
    expect(listed.judgeOrigin('http://example.com')).toBe('port');
    expect(guardOf({ allowPorts: false }).judgeOrigin('http://example.com:1')).toBeUndefined();
    expect(guardOf({ allowPorts: [] }).judgeOrigin('http://example.com')).toBe('port');
  });

  it('is trusted by its host, in whatever spelling', () => {
    const { judgeOrigin } = guardOf({ allowHosts: ['127.0.0.1', '::1'] });
    expect(judgeOrigin(new URL('http://0x7f.1').origin)).toBeUndefined();
    expect(judgeOrigin('http://[::1]')).toBeUndefined();
    expect(judgeOrigin('http://127.0.0.2')).toBe('loopback');
  });
});

describe('a connection', () => {
  const { judgeTarget } = guardOf();
  it.each([
    [{ host: 'example.com', port: 443 }, undefined],
    [{ host: 'example.com', port: '80' }, undefined],
    [{ host: '127.0.0.1', port: 80 }, 'loopback'],
    [{ host: 'example.com', port: 22 }, 'port'],
    [{ host: 'example.com' }, 'port'],
    [{ host: 'example.com', port: 80, socketPath: '/a.sock' }, 'unix socket'],
  ])('%o: %s', (target, rule) => expect(judgeTarget(target)).toBe(rule));
});

describe('the look-up', () => {
  const lookUp = (resolve: ResolveHost, options: object = {}, all = true, host = 'a.test') =>
    new Promise<unknown>((settle) =>
      guardOf(options, resolve).lookup(host, { all }, (error, ...answer) => settle(error ?? answer)),
    );

  it('keeps the addresses that may be connected to, in their order', async () => {
    const resolve = found('10.0.0.1', '8.8.8.8', '::1', '2606:4700::1111', '1.1.1.1');
    const [kept] = (await lookUp(resolve)) as [LookupAddress[]];
    expect(kept.map(({ address }) => address)).toEqual(['8.8.8.8', '2606:4700::1111', '1.1.1.1']);
  });

  it('answers with the first of them where one is asked for', async () => {
    expect(await lookUp(found('10.0.0.1', '2606:4700::1111', '8.8.8.8'), {}, false)).toEqual(['2606:4700::1111', 6]);
  });

  it('asks for all of them, with the options it is given', async () => {
    let asked: unknown;
    const resolve: ResolveHost = (host, options, callback) => {
      asked = [host, options];
      callback(null, []);
    };
    await new Promise((settle) => guardOf({}, resolve).lookup('a.test', { family: 4, hints: 3 }, settle));
    expect(asked).toEqual(['a.test', { family: 4, hints: 3, all: true }]);
  });

  it.each([[true], [false]])('fails where none is left (all: %s)', async (all) => {
    const error = await lookUp(found('10.0.0.1', '127.0.0.1'), {}, all);
    expect(error).toBeInstanceOf(AddressRefusal);
    expect(error).toMatchObject({ rule: 'private', code: 'ERR_ADDRESS_BLOCKED' });
  });

  it('does not say which blocked range it was: it may be a single address', async () => {
    const error = (await lookUp(found('8.8.8.8'), { blockCidrs: ['8.8.8.8/32'] })) as AddressRefusal;
    expect(error.rule).toBe('blockCidrs');
    expect(error.message).not.toContain('8.8.8.8');
  });

  it('passes on what the resolver fails with', async () => {
    const failure = Object.assign(new Error('nope'), { code: 'EAI_AGAIN' });
    expect(await lookUp((_, __, callback) => callback(failure, []))).toBe(failure);
  });

  it('takes no addresses and no error for a name that is not there', async () => {
    expect(await lookUp(found())).toMatchObject({ code: 'ENOTFOUND' });
  });

  it('trusts listed hosts', async () => {
    expect(await lookUp(found('10.0.0.1'), { allowHosts: ['*.test'] }, false)).toEqual(['10.0.0.1', 4]);
    expect(await lookUp(found('10.0.0.1'), { allowHosts: ['b.test'] }, false)).toBeInstanceOf(AddressRefusal);
  });
});

describe('a connection that somebody else makes', () => {
  it('is let through where all of its addresses are', async () => {
    await guardOf({}, found('8.8.4.4', '8.8.8.8', '2606:4700::1111')).admit({ host: 'a.test', port: 443 });
    await guardOf({}, found()).admit({ host: '8.8.8.8', port: 443 });
  });

  it.each([
    [{ host: 'a.test', port: 443 }, 'private'],
    [{ host: '127.0.0.1', port: 443 }, 'loopback'],
    [{ host: 'a.test', port: 22 }, 'port'],
  ])('is refused: %o, %s', async (target, rule) => {
    await expect(guardOf({}, found('10.0.0.1')).admit(target)).rejects.toMatchObject({ rule });
  });

  it.each([
    ['10.0.0.1', '8.8.8.8'],
    ['8.8.8.8', '10.0.0.1'],
    ['2606:4700::1111', '10.0.0.1'],
  ])('is refused where one of its addresses is: %s, %s', async (...addresses) => {
    const admitted = guardOf({}, found(...addresses)).admit({ host: 'a.test', port: 443 });
    await expect(admitted).rejects.toMatchObject({ rule: 'private' });
  });
});

describe('refusalIn', () => {
  const refusal = new AddressRefusal('private');
  it('finds a refusal that others have wrapped', () => {
    expect(refusalIn(refusal)).toBe(refusal);
    expect(refusalIn(new Error('a', { cause: new Error('b', { cause: refusal }) }))).toBe(refusal);
  });

  it('finds none where there is none, nor goes round in circles', () => {
    const circle = new Error('a');
    circle.cause = circle;
    for (const error of [undefined, null, 'text', new Error('a'), circle]) expect(refusalIn(error)).toBeUndefined();
  });
});
