import { beforeEach, describe, expect, it } from 'vitest';
import { seededRandom } from '../../../test/support/random.js';
import { EJECTION_DEFAULTS } from '../../options/address-options.js';
import { ManualClock } from '../../testing/manual-clock.js';
import type { FoundAddress } from './address.js';
import { AddressSet, type AddressUse } from './address-set.js';
import { chooseOf } from './choice.js';

const found = (...ips: string[]) => ips.map((ip): FoundAddress => [{ ip, family: 4, port: undefined }]);
const many = (count: number) => found(...Array.from({ length: count }, (_, index) => `10.0.0.${index + 1}`));

let clock: ManualClock;
let changes: string[];

beforeEach(() => {
  clock = new ManualClock();
  changes = [];
});

function setOf(addresses: FoundAddress[], seed = 1): AddressSet {
  const set = new AddressSet({
    origin: 'http://orders.test',
    ejection: EJECTION_DEFAULTS,
    clock,
    random: seededRandom(seed),
    changed: ({ name }, change, cause) => changes.push([name, change, cause].filter(Boolean).join(' ')),
  });
  set.update(addresses);
  return set;
}

/** Chooses until it is this one's turn. */
function useOf(set: AddressSet, name: string): AddressUse {
  for (let i = 0; i < 1_000; i++) {
    const use = set.choose()!;
    if (use.address.name === name) return use;
    use.release();
  }
  throw new Error(`${name} is not chosen`);
}

function fail(set: AddressSet, name: string, times: number): void {
  for (let i = 0; i < times; i++) {
    const use = useOf(set, name);
    use.failed('ECONNREFUSED');
    use.release();
  }
}

function namesOf(set: AddressSet, choices: number, tried?: readonly string[]): Set<string> {
  const uses = Array.from({ length: choices }, () => {
    const use = set.choose(tried)!;
    use.release();
    return use;
  });
  return new Set(uses.map(({ address }) => address.name));
}

describe('a choice', () => {
  it('is the one whose turn it is, unless another has less to do', () => {
    const idle = { inFlight: 0, slowness: 1 };
    const busy = { inFlight: 3, slowness: 1 };
    expect(chooseOf([idle, { ...idle }], 0, () => 0)).toBe(idle);
    expect(chooseOf([busy, idle], 0, () => 0)).toBe(idle);
    expect(chooseOf([busy, idle], 1, () => 0)).toBe(idle);
    expect(chooseOf([busy], 7, () => 0)).toBe(busy);
    expect(chooseOf([], 7, () => 0)).toBeUndefined();
  });

  it('counts requests to a slow one as many times as it is slower', () => {
    const slow = { inFlight: 0, slowness: 4 };
    const fast = (inFlight: number) => ({ inFlight, slowness: 1 });
    expect(chooseOf([slow, fast(2)], 0, () => 0)).not.toBe(slow);
    expect(chooseOf([slow, fast(3)], 0, () => 0)).toBe(slow);
    expect(chooseOf([slow, fast(4)], 1, () => 0)).toBe(slow);
  });

  it('compares with any of the others', () => {
    const all = [9, 1, 2, 3].map((inFlight) => ({ inFlight, slowness: 1 }));
    const chosen = [0, 0.34, 0.67].map((random) => chooseOf(all, 0, () => random));
    expect(chosen).toEqual(all.slice(1));
  });

  it('does not begin with the same address in every client', () => {
    const firsts = Array.from({ length: 50 }, (_, seed) => setOf(many(10), seed).choose()!.address.name);
    expect(new Set(firsts).size).toBeGreaterThan(5);
  });

  it('is none of those that the call has tried, as long as there are others', () => {
    const set = setOf(many(3));
    expect(namesOf(set, 20, ['10.0.0.1', '10.0.0.3'])).toEqual(new Set(['10.0.0.2']));
    expect(namesOf(set, 20, ['10.0.0.1', '10.0.0.2', '10.0.0.3'])).toEqual(new Set(['10.0.0.1', '10.0.0.2']));
    expect(namesOf(setOf(many(1)), 3, ['10.0.0.1'])).toEqual(new Set(['10.0.0.1']));
  });

  it('after another has failed, is one that does not fail', () => {
    const set = setOf(many(4));
    fail(set, '10.0.0.2', 1);
    fail(set, '10.0.0.3', 1);
    expect(namesOf(set, 20, ['10.0.0.1'])).toEqual(new Set(['10.0.0.4']));
    expect(namesOf(set, 20, ['10.0.0.1', '10.0.0.4'])).toEqual(new Set(['10.0.0.2', '10.0.0.3']));
  });
});

describe('an update', () => {
  it('keeps the requests of addresses that are still there, and tells of the others', () => {
    const set = setOf(many(2));
    const use = useOf(set, '10.0.0.2');
    set.update(found('10.0.0.2', '10.0.0.3', '10.0.0.3'));
    expect(set.all.map(({ name, inFlight }) => [name, inFlight])).toEqual([
      ['10.0.0.2', 1],
      ['10.0.0.3', 0],
    ]);
    expect(changes).toEqual(['10.0.0.1 added', '10.0.0.2 added', '10.0.0.3 added', '10.0.0.1 removed']);
    use.release();
    expect(set.all[0]!.inFlight).toBe(0);
  });

  it('has new addresses used at once', () => {
    const set = setOf(many(3));
    for (let i = 0; i < 30; i++) set.choose();
    set.update(many(6));
    const next = Array.from({ length: 6 }, () => set.choose()!.address.name);
    expect(new Set(next.filter((name) => ['10.0.0.4', '10.0.0.5', '10.0.0.6'].includes(name))).size).toBe(3);
  });

  it('has an address that comes back begin anew', () => {
    const set = setOf(many(2));
    fail(set, '10.0.0.1', 5);
    set.update(found('10.0.0.2'));
    set.update(many(2));
    expect(namesOf(set, 10)).toContain('10.0.0.1');
  });

  it('leaves none where none is found', () => {
    const set = setOf(many(2));
    set.update([]);
    expect(set.choose()).toBeUndefined();
  });
});

describe('an address that fails five times in a row', () => {
  it('gets no request for 30 s, then one at a time, and all again after a success', () => {
    const set = setOf(many(3));
    fail(set, '10.0.0.2', 5);
    expect(changes.slice(3)).toEqual(['10.0.0.2 ejected ECONNREFUSED']);
    clock.tick(29_999);
    expect(namesOf(set, 50)).not.toContain('10.0.0.2');
    clock.tick(1);
    const probe = useOf(set, '10.0.0.2');
    for (let i = 0; i < 10; i++) set.choose(); // the others are busier by now
    expect(namesOf(set, 50)).not.toContain('10.0.0.2');
    probe.succeeded();
    probe.release();
    expect(changes.slice(4)).toEqual(['10.0.0.2 returned']);
    expect(namesOf(set, 50)).toContain('10.0.0.2');
  });

  it('is ejected for longer where its probe fails', () => {
    const set = setOf(many(3));
    fail(set, '10.0.0.2', 5);
    clock.tick(30_000);
    fail(set, '10.0.0.2', 1);
    clock.tick(59_999);
    expect(namesOf(set, 50)).not.toContain('10.0.0.2');
    clock.tick(1);
    expect(namesOf(set, 50)).toContain('10.0.0.2');
  });

  it('is not brought back by a request from before', () => {
    const set = setOf(many(3));
    const early = useOf(set, '10.0.0.2');
    early.release();
    fail(set, '10.0.0.2', 5);
    early.succeeded();
    expect(namesOf(set, 50)).not.toContain('10.0.0.2');
  });

  it('is one of at most 10 %, and of one', () => {
    const few = setOf(many(5));
    for (const name of ['10.0.0.1', '10.0.0.2', '10.0.0.3']) fail(few, name, 5);
    expect(namesOf(few, 50).size).toBe(4);
    const set = setOf(many(30));
    for (let index = 1; index <= 9; index++) fail(set, `10.0.0.${index}`, 5);
    expect(namesOf(set, 200).size).toBe(27);
  });

  it('is used all the same where fewer than half are left (panic)', () => {
    const set = setOf(many(10));
    fail(set, '10.0.0.1', 5);
    set.update(found('10.0.0.1'));
    expect(namesOf(set, 1)).toEqual(new Set(['10.0.0.1']));
  });

  it('is brought back by a success while there is panic', () => {
    const set = setOf(many(1));
    fail(set, '10.0.0.1', 5);
    const use = set.choose()!;
    use.succeeded();
    expect(changes.at(-1)).toBe('10.0.0.1 returned');
  });
});

describe('an address whose responses take ten times longer', () => {
  /** So many responses of each, which take so long. */
  function answer(set: AddressSet, times: number, msOf: (name: string, time: number) => number): void {
    const names = set.all.map(({ name }) => name);
    for (let time = 0; time < times; time++) {
      for (const name of names) {
        const use = set.choose(names.filter((other) => other !== name))!;
        use.succeeded(msOf(name, time));
        use.release();
      }
    }
  }
  const isSecond = (name: string) => name === '10.0.0.2';

  /** Three addresses, of which the second has been ten times slower for so many responses. */
  function withSlow(responses = 50): AddressSet {
    const set = setOf(many(3));
    answer(set, 50, () => 10);
    answer(set, responses, (name) => (isSecond(name) ? 100 : 10));
    return set;
  }

  it('gets none while the others are idle', () => {
    const set = withSlow();
    expect(set.all[1]!.slowness).toBeGreaterThan(3);
    expect(namesOf(set, 100)).toEqual(new Set(['10.0.0.1', '10.0.0.3']));
  });

  it('is known as slow within 25 responses, and not after one', () => {
    expect(withSlow(1).all[1]!.slowness).toBe(1);
    expect(withSlow(25).all[1]!.slowness).toBeGreaterThan(3);
  });

  it('gets one request every 10 s, and its turns again after two fast responses', () => {
    const set = withSlow();
    for (let probe = 0; probe < 2; probe++) {
      clock.tick(9_999);
      expect(namesOf(set, 50)).not.toContain('10.0.0.2');
      clock.tick(1);
      const uses = Array.from({ length: 4 }, () => set.choose()!);
      const probes = uses.filter(({ address }) => address.name === '10.0.0.2');
      for (const use of uses) use.release();
      expect(probes).toHaveLength(1);
      probes[0]!.succeeded(10);
    }
    expect(namesOf(set, 50)).toContain('10.0.0.2');
  });

  it('is turned to where the others have failed a call', () => {
    expect(namesOf(withSlow(), 20, ['10.0.0.1', '10.0.0.3'])).toEqual(new Set(['10.0.0.2']));
  });

  it('is no slower than the others where most are as slow', () => {
    const set = withSlow();
    answer(set, 200, () => 100);
    expect(set.all.map(({ slowness }) => slowness)).toEqual([1, 1, 1]);
  });

  it.each<[string, number, (name: string, time: number) => number]>([
    ['a few calls that take long', 100, (name, time) => (isSecond(name) && time % 20 === 0 ? 1_000 : 10)],
    ['times below a millisecond', 100, (name) => (isSecond(name) ? 0.9 : 0.05)],
    ['too few responses', 4, (name) => (isSecond(name) ? 1_000 : 1)],
  ])('is not known by %s', (_, times, msOf) => {
    const set = setOf(many(3));
    answer(set, times, msOf);
    expect(set.all[1]!.slowness).toBe(1);
  });
});

/** Calls that come at random times (Poisson) and take exponentially distributed times: 10 ms in the mean, 100 at a slow address. */
describe('simulated', () => {
  const MEAN_MS = 10;

  function simulate(addresses: number, inFlightPerAddress: number, slow?: string, calls = 100_000) {
    const random = seededRandom(3);
    const exponential = (mean: number) => -mean * Math.log(1 - random());
    const set = setOf(many(addresses), 5);
    const durations = new Float64Array(calls);
    for (let call = 0; call < calls; call++) {
      clock.tick(exponential(MEAN_MS / (addresses * inFlightPerAddress)));
      const use = set.choose()!;
      const ms = exponential(use.address.name === slow ? 10 * MEAN_MS : MEAN_MS);
      durations[call] = ms;
      clock.setTimeout(() => {
        use.succeeded(ms);
        use.release();
      }, ms);
    }
    const share = (name: string) => set.all.find((address) => address.name === name)!.requests / (calls / addresses);
    const shares = set.all.map(({ name }) => share(name));
    return { p99: durations.toSorted()[calls * 0.99]!, shares, share };
  }

  it.each([0.05, 0.5, 5])(
    '100,000 calls to 20 addresses, with %d in flight for each: the busiest gets at most 1.05 times the mean',
    (load) => {
      expect(Math.max(...simulate(20, load).shares)).toBeLessThanOrEqual(1.05);
    },
  );

  it.each([
    [2, 0.05],
    [3, 0.05],
    [3, 1],
    [5, 0.05],
    [5, 3],
    [20, 0.5],
    [20, 3],
  ])(
    '%d addresses, with %d in flight for each: a slow one gets at most a tenth of its share, and the 99th percentile is at most 1.5 times that of a healthy set',
    (addresses, load) => {
      const healthy = simulate(addresses, load, undefined, 20_000);
      expect(Math.max(...healthy.shares)).toBeLessThanOrEqual(1.05);
      clock = new ManualClock();
      const withSlow = simulate(addresses, load, '10.0.0.2', 20_000);
      expect(withSlow.share('10.0.0.2')).toBeLessThanOrEqual(0.1);
      expect(withSlow.p99 / healthy.p99).toBeLessThanOrEqual(1.5);
    },
  );

  it('chosen at random, the busiest server would get more: the theory that this is compared with', () => {
    // The known distribution of balls in bins: with m = 5,000 in each of 20 bins, the fullest has about m + sqrt(2 m ln 20).
    const random = seededRandom(9);
    const calls = 100_000;
    const bins = new Float64Array(20);
    for (let call = 0; call < calls; call++) bins[Math.floor(random() * 20)]!++;
    const fullest = Math.max(...bins) - calls / 20;
    const expected = Math.sqrt(2 * (calls / 20) * Math.log(20));
    expect(fullest / expected).toBeGreaterThan(0.5);
    expect(fullest / expected).toBeLessThan(1.6);
    expect(Math.max(...simulate(20, 0.5).shares) * (calls / 20) - calls / 20).toBeLessThan(fullest);
  });
});
