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
    const idle = { inFlight: 0 };
    const busy = { inFlight: 3 };
    expect(chooseOf([idle, { inFlight: 0 }], 0, () => 0)).toBe(idle);
    expect(chooseOf([busy, idle], 0, () => 0)).toBe(idle);
    expect(chooseOf([busy, idle], 1, () => 0)).toBe(idle);
    expect(chooseOf([busy], 7, () => 0)).toBe(busy);
    expect(chooseOf([], 7, () => 0)).toBeUndefined();
  });

  it('compares with any of the others', () => {
    const all = [{ inFlight: 9 }, { inFlight: 1 }, { inFlight: 2 }, { inFlight: 3 }];
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

/** 100,000 calls that come at random times (Poisson) and take exponentially distributed times: 10 ms in the mean, 100 at a slow address. */
describe('simulated, 100,000 calls to 20 addresses', () => {
  const MEAN_MS = 10;
  const CALLS = 100_000;

  function simulate(inFlightPerAddress: number, slow?: string) {
    const random = seededRandom(3);
    const exponential = (mean: number) => -mean * Math.log(1 - random());
    const set = setOf(many(20), 5);
    const durations = new Float64Array(CALLS);
    for (let call = 0; call < CALLS; call++) {
      clock.tick(exponential(MEAN_MS / (20 * inFlightPerAddress)));
      const use = set.choose()!;
      const ms = exponential(use.address.name === slow ? 10 * MEAN_MS : MEAN_MS);
      durations[call] = ms;
      clock.setTimeout(() => use.release(), ms);
    }
    const share = (name: string) => set.all.find((address) => address.name === name)!.requests / (CALLS / 20);
    return { durations: durations.toSorted(), shares: set.all.map(({ name }) => share(name)), share };
  }

  it.each([0.05, 0.5, 5])(
    'with %d in flight for each address, the busiest gets at most 1.05 times the mean',
    (load) => {
      expect(Math.max(...simulate(load).shares)).toBeLessThanOrEqual(1.05);
    },
  );

  it.each([0.5, 1, 3])(
    'with %d in flight for each address, a slow one gets at most 40 % of its share, and the 99th percentile is at most 1.5 times that of a healthy set',
    (load) => {
      const p99 = ({ durations }: { durations: Float64Array }) => durations[CALLS * 0.99]!;
      const healthy = simulate(load);
      clock = new ManualClock();
      const withSlow = simulate(load, '10.0.0.7');
      expect(withSlow.share('10.0.0.7')).toBeLessThanOrEqual(0.4);
      expect(p99(withSlow) / p99(healthy)).toBeLessThanOrEqual(1.5);
    },
  );

  it('chosen at random, the busiest server would get more: the theory that this is compared with', () => {
    // The known distribution of balls in bins: with m = 5,000 in each of 20 bins, the fullest has about m + sqrt(2 m ln 20).
    const random = seededRandom(9);
    const bins = new Float64Array(20);
    for (let call = 0; call < CALLS; call++) bins[Math.floor(random() * 20)]!++;
    const fullest = Math.max(...bins) - CALLS / 20;
    const expected = Math.sqrt(2 * (CALLS / 20) * Math.log(20));
    expect(fullest / expected).toBeGreaterThan(0.5);
    expect(fullest / expected).toBeLessThan(1.6);
    expect(Math.max(...simulate(0.5).shares) * (CALLS / 20) - CALLS / 20).toBeLessThan(fullest);
  });
});
