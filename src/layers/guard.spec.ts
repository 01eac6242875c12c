import { AxiosHeaders } from 'axios';
import { describe, expect, it, vi } from 'vitest';
import { itKeepsTheLayerContract, responseTo, testCall } from '../../test/support/layer-contract.js';
import type { Handler } from '../call/call.js';
import { AddressBlockedError } from '../errors/refusal.errors.js';
import { confinement } from '../guard/confinement.js';
import { confine, guard } from './guards.js';

const BASE = { baseURL: 'http://a.example', within: 'origin' } as const;
const toBase = confine(confinement(BASE));
itKeepsTheLayerContract('guard', () => guard({ judgeOrigin: () => undefined }));
itKeepsTheLayerContract('confine', () => confine(() => true));

const answer: Handler = async (call) => responseTo(call);

describe('guard', () => {
  it('ends a call whose origin is refused before anything within sees it, and says which rule', async () => {
    const next = vi.fn(answer);
    const handle = guard({ judgeOrigin: (origin) => (origin === 'http://10.0.0.1' ? 'private' : undefined) })(next);
    const refused = handle(testCall({ url: 'http://user:SECRET@10.0.0.1/path?token=SECRET' }));
    await expect(refused).rejects.toMatchObject({
      name: 'AddressBlockedError',
      code: 'ERR_ADDRESS_BLOCKED',
      rule: 'private',
      message: 'GET http://10.0.0.1: it may not be called: private; see docs/security.md',
      attempts: [],
      isMisuse: false,
    });
    await expect(refused).rejects.toSatisfy((error) => !JSON.stringify(error).includes('SECRET'));
    expect(next).not.toHaveBeenCalled();
    await handle(testCall({ url: 'http://10.0.0.2/' }));
    expect(next).toHaveBeenCalledTimes(1);
  });

  it('names the option with the ports that may be called', async () => {
    const handle = guard({ judgeOrigin: () => 'port' })(answer);
    await expect(handle(testCall({ url: 'http://a.example:8080/' }))).rejects.toMatchObject({
      rule: 'port',
      message:
        'GET http://a.example:8080: it may not be called: port, which is not in guard.allowPorts; see docs/security.md',
    });
  });
});

describe('confine', () => {
  it('ends a call that leaves the base URL before anything within sees it', async () => {
    const next = vi.fn(answer);
    const call = testCall({ url: 'http://b.example/', baseURL: BASE.baseURL, headers: new AxiosHeaders() });
    const refused = toBase(next)(call);
    await expect(refused).rejects.toBeInstanceOf(AddressBlockedError);
    await expect(refused).rejects.toMatchObject({ rule: 'outside baseURL' });
    expect(next).not.toHaveBeenCalled();
  });
});
