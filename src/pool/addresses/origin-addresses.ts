import type { LookupAddress } from 'node:dns';
import { type HostAddress, hostAddress } from '../../base/host-address.js';
import { shadowInherited } from '../../base/prototype-pollution.js';
import { type AddressGuard, AddressRefusal, type ResolveHost } from '../../guard/address-guard.js';
import type { AddressSettings } from '../../options/address-options.js';
import { type FoundAddress, pairedFamilies } from './address.js';
import { AddressSet, type AddressSetContext, type AddressUse } from './address-set.js';
import { portOf } from '../../base/url-parts.js';

export interface OriginAddressesContext extends Omit<AddressSetContext, 'ejection'> {
  /** What may be connected to; undefined: anything. */
  readonly guard: AddressGuard | undefined;
  readonly resolveHost: ResolveHost;
}

/** After a failed connect, or a failed look-up, the next look-up comes no sooner than this. */
const MIN_INTERVAL_MS = 1_000;

/** A look-up that is under way. */
interface Lookup {
  readonly startedAt: number;
  readonly done: Promise<void>;
}

/** The addresses of one origin, kept up to date by the calls that use them: there is no timer. */
export class OriginAddresses {
  readonly #set: AddressSet;
  readonly #settings: AddressSettings;
  readonly #context: OriginAddressesContext;
  readonly #host: string;
  readonly #port: number;
  #lookup: Lookup | undefined;
  #lookedUpAt = -Infinity;
  /** From then on, a call has them looked up in the background. */
  #dueAt = -Infinity;
  /** From then on, calls wait. */
  #staleAt = -Infinity;
  /** Why there are none. */
  #failure: unknown;

  constructor(settings: AddressSettings, context: OriginAddressesContext) {
    const url = new URL(context.origin);
    this.#settings = settings;
    this.#context = context;
    this.#host = url.hostname;
    this.#port = portOf(url);
    this.#set = new AddressSet({ ...context, ejection: settings.ejection || undefined });
    if (settings.list) {
      this.#dueAt = this.#staleAt = Infinity;
      this.#take(parsed(settings.list));
    }
  }

  get set(): AddressSet {
    return this.#set;
  }

  /**
   * Sees to it that the addresses are known, and no older than they may be.
   * @returns undefined: they are. Otherwise wait; it rejects with an AddressRefusal, the error of the look-up, or of the app's `resolve`
   */
  whenKnown(): Promise<void> | undefined {
    const now = this.#context.clock.now();
    this.#giveUpHanging(now);
    if (now >= this.#dueAt && !this.#lookup) this.#startLookup(now);
    if (now < this.#staleAt) return this.#failure === undefined ? undefined : Promise.reject(this.#failure);
    return this.#lookup?.done;
  }

  /** Chooses the address of a request, as `AddressSet.choose`. */
  choose(tried: readonly string[] | undefined): AddressUse | undefined {
    return this.#set.choose(tried);
  }

  /** Whether a call that has failed to connect can turn to another address. The addresses may have changed: they are looked up soon. */
  canGoElsewhere(tried: readonly string[]): boolean {
    if (!this.#settings.list) this.#dueAt = Math.min(this.#dueAt, this.#lookedUpAt + MIN_INTERVAL_MS);
    return this.#set.hasOther(tried);
  }

  /** Where there are addresses, a look-up that takes long counts as failed. */
  #giveUpHanging(now: number): void {
    const limitMs = Math.max(this.#settings.resolveMs / 2, MIN_INTERVAL_MS);
    if (!this.#lookup || this.#set.all.length === 0 || now - this.#lookup.startedAt < limitMs) return;
    this.#lookup = undefined;
    this.#keep(now);
  }

  #startLookup(now: number): void {
    const done = this.#find().then(
      (found) => {
        if (this.#lookup === lookup) this.#found(found);
      },
      (error: unknown) => {
        if (this.#lookup === lookup) this.#failed(error);
      },
    );
    const lookup: Lookup = { startedAt: now, done: done.then(() => this.#assertAny()) };
    lookup.done.catch(() => {}); // in the background nobody waits
    this.#lookup = lookup;
    this.#lookedUpAt = now;
  }

  #assertAny(): void {
    if (this.#set.all.length === 0) throw this.#failure;
  }

  #found(found: readonly FoundAddress[]): void {
    const now = this.#context.clock.now();
    const { resolveMs } = this.#settings;
    this.#lookup = undefined;
    this.#dueAt = now + resolveMs / 2;
    this.#staleAt = now + resolveMs;
    this.#take(found);
  }

  /** Fills the set with those that the guard admits. */
  #take(found: readonly FoundAddress[]): void {
    const { guard } = this.#context;
    let refusal: string | undefined;
    const admitted = found.flatMap((entry): FoundAddress[] => {
      const [first, ...others] = entry.filter((address) => {
        const rule = guard && this.#judge(guard, address);
        refusal ??= rule;
        return rule === undefined;
      });
      return first ? [[first, ...others]] : [];
    });
    this.#failure = undefined;
    if (admitted.length === 0) {
      this.#failure = refusal === undefined ? notFound(this.#host) : new AddressRefusal(refusal);
      if (!this.#settings.list) this.#dueAt = this.#staleAt = -Infinity; // every call asks again, as for a socket
    }
    this.#set.update(admitted);
  }

  #judge(guard: AddressGuard, { ip, port = this.#port }: HostAddress): string | undefined {
    return guard.judgeTarget({ host: this.#host, port }) ?? guard.judgeAddress(this.#host, ip);
  }

  #failed(error: unknown): void {
    this.#lookup = undefined;
    const isGone = NOT_FOUND.has((error as NodeJS.ErrnoException | undefined)?.code ?? '');
    if (!isGone && this.#set.all.length > 0) this.#keep(this.#context.clock.now());
    else {
      this.#set.update([]);
      this.#failure = error;
      this.#dueAt = this.#staleAt = -Infinity;
    }
  }

  /** The last known addresses stay in use. */
  #keep(now: number): void {
    this.#dueAt = now + MIN_INTERVAL_MS;
    this.#staleAt = now + this.#settings.resolveMs;
  }

  async #find(): Promise<readonly FoundAddress[]> {
    const { resolve } = this.#settings;
    if (resolve) return parsed(await resolve(this.#host));
    const found = await new Promise<readonly LookupAddress[]>((settle, fail) =>
      this.#context.resolveHost(this.#host, shadowInherited({ all: true }), (error, addresses) =>
        error ? fail(error) : settle(addresses),
      ),
    );
    return pairedFamilies(found.flatMap(({ address }) => hostAddress(address) ?? []));
  }
}

const NOT_FOUND: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA']);

function notFound(host: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND', hostname: host });
}

/** @throws TypeError for what is no list of addresses */
function parsed(given: unknown): FoundAddress[] {
  if (!Array.isArray(given))
    throw new TypeError(`addresses.resolve: expected an array of IP addresses, got ${typeof given}`);
  return given.map((text: unknown): FoundAddress => {
    const address = typeof text === 'string' ? hostAddress(text) : undefined;
    if (!address)
      throw new TypeError(
        `addresses.resolve: expected IP addresses, as '10.0.0.7' or '10.0.0.7:8080', got ${String(text)}`,
      );
    return [address];
  });
}
