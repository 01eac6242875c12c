import { digest } from '../base/digest.js';
import type { Layer } from '../call/call.js';
import { detached } from '../inbound/context.js';
import { areOfCaller } from '../layers/auth/credentials.js';
import { cache } from '../layers/cache/cache.js';
import type { CacheSettings } from '../layers/cache/settings.js';
import { keyvValues, SharedStore } from '../layers/cache/shared-store.js';
import { CacheState } from '../layers/cache/state.js';
import { TRANSPORT_NAME } from '../options/defaults.js';
import type { OriginSettings } from '../options/resolve-options.js';
import type { ScopeContext } from './scope.js';
import type { StackSettings } from './stack.js';

/** The cache of a scope: one store, however many layers use it. It is made when the first of them is. */
export class ScopeCache {
  readonly #settings: OriginSettings;
  readonly #client: StackSettings;
  readonly #context: ScopeContext;
  /** Whose responses it shares; undefined: it has its own. */
  readonly #lender: ScopeCache | undefined;
  #own: CacheState | undefined;

  /** @param ofClient for other origins: an origin without cache options of its own shares its responses */
  constructor(
    settings: OriginSettings,
    client: StackSettings,
    context: ScopeContext,
    ofClient: ScopeCache | undefined,
  ) {
    this.#settings = settings;
    this.#client = client;
    this.#context = context;
    this.#lender = settings.cacheWhenOn === client.cacheWhenOn ? ofClient : undefined;
  }

  /** undefined: nobody has asked for a cache, or it is the client's. */
  get ownState(): CacheState | undefined {
    return this.#own;
  }

  /** undefined: nothing has been stored. */
  get knownState(): CacheState | undefined {
    return this.#own ?? this.#lender?.knownState;
  }

  /**
   * A layer that uses the store, for calls with these settings.
   * @param coalesces whether `coalesce` is within
   */
  layer(settings: CacheSettings | false, coalesces: boolean): Layer | undefined {
    if (!settings) return undefined;
    const { clock, now, events, gate, rules } = this.#context;
    const { auth } = this.#client;
    return cache({
      settings,
      state: this.#state,
      clock,
      now,
      events,
      gate,
      detached,
      isSecretHeader: rules.isSecretHeader,
      hasUnknownCredentials: auth !== undefined && areOfCaller(auth),
      coalesces,
      maxRedirects: this.#settings.redirects.max || 0,
      maxResponseBytes: this.#settings.limits.maxResponseBytes,
    });
  }

  get #state(): CacheState {
    if (this.#lender) return this.#lender.#state;
    return (this.#own ??= this.#newState());
  }

  #newState(): CacheState {
    const { events } = this.#context;
    const { name: client = TRANSPORT_NAME } = this.#client;
    const limits = this.#settings.cacheWhenOn;
    return new CacheState(limits, { client, events }, this.#sharedStore(limits, client));
  }

  #sharedStore({ store }: CacheSettings, client: string): SharedStore | undefined {
    const { clock, now, shared } = this.#context;
    const values = store === 'shared' ? shared?.values : store === 'memory' ? undefined : keyvValues(store);
    if (!values) return undefined;
    // Clients of one name may be of several apps, with other credentials.
    const namespace = `${client}\n${digest(JSON.stringify(this.#client.auth ?? null))}`;
    return new SharedStore(values, { clock, now, namespace, isBounded: store === 'shared' });
  }
}
