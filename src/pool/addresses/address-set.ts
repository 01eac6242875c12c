import type { Clock } from '../../base/clock.js';
import { Address, type FoundAddress } from './address.js';
import { chooseOf } from './choice.js';
import { afterFailure, afterSuccess, type EjectionRules, isPanic, maxEjected } from './ejection.js';
import { typicalOf } from './pace.js';

/** What has happened to an address. */
export type AddressChange = 'added' | 'removed' | 'ejected' | 'returned';

export interface AddressSetContext {
  readonly origin: string;
  /** undefined: none is ejected. */
  readonly ejection: EjectionRules | undefined;
  readonly clock: Clock;
  /** From 0 to below 1, as Math.random. */
  readonly random: () => number;
  /** @param cause of an ejection: what the last request failed with */
  readonly changed: (address: Address, change: AddressChange, cause?: string) => void;
}

/** The address of one request, from before it is sent until it is over. */
export interface AddressUse {
  readonly address: Address;
  /**
   * The upstream has answered as it should.
   * @param ms the response time; undefined: not known
   */
  succeeded(ms?: number): void;
  /** @param cause an error code, or a status */
  failed(cause: string): void;
  /** The request is over. Once. */
  release(): void;
}

/** As many as there may be addresses. */
const FIRST_TURNS = 1_000;

/** The addresses of one origin, and who gets the next request. Does no I/O. */
export class AddressSet {
  readonly #context: AddressSetContext;
  #all: readonly Address[] = [];
  #ejected = 0;
  /** Clients of one service must not begin with the same address. */
  #turn: number;
  /** Responses since the addresses were last compared. */
  #responses = 0;
  /** The response time of most of them, as a logarithm. */
  #typical: number | undefined;

  constructor(context: AddressSetContext) {
    this.#context = context;
    this.#turn = Math.floor(context.random() * FIRST_TURNS);
  }

  get origin(): string {
    return this.#context.origin;
  }

  get all(): readonly Address[] {
    return this.#all;
  }

  /** Takes over what was found. An address that is known keeps its requests and its health. */
  update(found: Iterable<FoundAddress>): void {
    const { origin, changed } = this.#context;
    const known = new Map(this.#all.map((address) => [address.name, address]));
    const all = new Map<string, Address>();
    const added: Address[] = [];
    for (const entry of found) {
      const name = nameOf(entry);
      if (all.has(name)) continue;
      const address = known.get(name) ?? new Address(origin, name, entry);
      if (known.delete(name)) address.use(entry);
      else added.push(address);
      all.set(name, address);
    }
    this.#all = [...all.values()];
    this.#ejected = this.#all.filter(isEjected).length;
    for (const address of added) changed(address, 'added');
    for (const address of known.values()) {
      address.isGone = true;
      changed(address, 'removed');
    }
  }

  /**
   * Chooses the address of a request.
   * @param tried names of addresses that the call has tried, the last one at the end: another one is preferred, also an ejected one
   * @returns undefined where there is none
   */
  choose(tried: readonly string[] = []): AddressUse | undefined {
    const { random, clock } = this.#context;
    const now = clock.now();
    const candidates = this.#candidates(tried);
    const turn = this.#turn++;
    const due = candidates[turn % candidates.length];
    const isProbe = due?.inFlight === 0 && due.pace.isToBeProbed(now);
    const address = isProbe ? due : chooseOf(candidates, turn, random);
    if (!address) return undefined;
    address.pace.asked(now);
    address.requests++;
    address.inFlight++;
    return this.#use(address);
  }

  /** Whether there is an address that a call has not tried. */
  hasOther(tried: readonly string[]): boolean {
    return this.#all.some(({ name }) => !tried.includes(name));
  }

  #candidates(tried: readonly string[]): readonly Address[] {
    const usable = this.#usable();
    if (tried.length === 0) return usable;
    const others = untried(usable, tried);
    // After one has failed, another that is failing, too, is the last to turn to.
    const sound = others.filter(({ health }) => health.failures === 0);
    if (sound.length > 0) return sound;
    if (others.length > 0) return others;
    const ejected = untried(this.#all, tried);
    if (ejected.length > 0) return ejected;
    const notLast = untried(usable, tried.slice(-1));
    return notLast.length > 0 ? notLast : usable;
  }

  /** Those that are not ejected, and those whose time is over: one request at a time probes them. */
  #usable(): readonly Address[] {
    const { ejection, clock } = this.#context;
    const { length } = this.#all;
    if (!ejection || this.#ejected === 0 || isPanic(length, this.#ejected, ejection)) return this.#all;
    const now = clock.now();
    return this.#all.filter(
      ({ health: { ejectedUntil }, inFlight }) => ejectedUntil === undefined || (now >= ejectedUntil && inFlight === 0),
    );
  }

  #use(address: Address): AddressUse {
    const { ejectedUntil } = address.health;
    return {
      address,
      succeeded: (ms) => {
        if (ms !== undefined) this.#answered(address, ms);
        // A request from before the ejection says nothing of after.
        if (!isEjected(address) || address.health.ejectedUntil === ejectedUntil) this.#succeeded(address);
      },
      failed: (cause) => this.#failed(address, cause),
      release: () => void address.inFlight--,
    };
  }

  /** To compare them all with each response would take long where there are many. */
  #answered({ pace }: Address, ms: number): void {
    pace.answered(ms, this.#context.clock.now());
    if (++this.#responses >= this.#all.length) {
      this.#responses = 0;
      this.#typical = typicalOf(this.#all.map((address) => address.pace));
    }
    pace.compare(this.#typical);
  }

  #succeeded(address: Address): void {
    const wasEjected = isEjected(address);
    address.health = afterSuccess(address.health, this.#context.clock.now());
    if (!wasEjected || address.isGone) return;
    this.#ejected--;
    this.#context.changed(address, 'returned');
  }

  #failed(address: Address, cause: string): void {
    const { ejection, clock, changed } = this.#context;
    address.failed++;
    if (!ejection || address.isGone) return;
    const before = address.health;
    const mayEject = this.#ejected < maxEjected(this.#all.length, ejection);
    address.health = afterFailure(before, clock.now(), ejection, mayEject);
    if (address.health.ejectedUntil === before.ejectedUntil) return;
    if (before.ejectedUntil === undefined) this.#ejected++;
    changed(address, 'ejected', cause);
  }
}

const isEjected = ({ health }: Address) => health.ejectedUntil !== undefined;

const untried = (addresses: readonly Address[], tried: readonly string[]) =>
  addresses.filter(({ name }) => !tried.includes(name));

function nameOf([{ ip, family, port }]: FoundAddress): string {
  if (port === undefined) return ip;
  return family === 6 ? `[${ip}]:${port}` : `${ip}:${port}`;
}
