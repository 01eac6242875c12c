import type { AxiosResponse } from 'axios';
import { pipeline, type Readable, Transform } from 'node:stream';
import { endsWith, isReadable } from '../../base/body-end.js';
import type { Call } from '../../call/call.js';
import { type EventSink, eventOf } from '../../call/event-sink.js';
import { directivesOf, fieldsOf, targetedDirectives, type Directives } from './directives.js';
import { ageMs, type ExchangeTimes, freshMs, type Lifetime, lifetimeOf, type ResponseHeaders } from './freshness.js';
import type { CacheRequest } from './request.js';
import type { CacheSettings } from './settings.js';
import type { CacheState, Fill } from './state.js';
import { refusalToStore } from './storable.js';
import { bodyToStore, isOutdated, ownBytes, type StoredResponse, withStored } from './stored.js';
import { mergedHeaders, storedHeaders, validators } from './validation.js';
import { selectorsOf } from './vary.js';

export interface WriterContext {
  readonly settings: CacheSettings;
  readonly state: CacheState;
  readonly events: EventSink;
  /** The wall clock. */
  readonly now: () => number;
  readonly isSecretHeader: (name: string) => boolean;
}

/** What is left of a response when its caller has it. */
export interface Kept {
  readonly stored?: StoredResponse | undefined;
  /** Not stored, but of a failure: those who have waited share it, instead of asking an upstream that fails all at once. */
  readonly failure?: StoredResponse | undefined;
  /** Not stored, as its URL has been deleted since it was asked for: those who have waited may have begun after that. */
  readonly isOutdated?: boolean;
}

/** A stored response that was confirmed, and whether it is still stored. */
export interface Refreshed {
  readonly response: StoredResponse;
  readonly isStored: boolean;
}

/** Of one URL. */
const MAX_VARIANTS = 32;

/** Stores responses, as far as their headers and the settings allow, and says why not (`cache:decision`). */
export class CacheWriter {
  readonly #context: WriterContext;

  constructor(context: WriterContext) {
    this.#context = context;
  }

  /**
   * A stored response with the headers of one that confirms it on top (RFC 9111 §3.2). It is right for the call, even where it may no longer be stored, or
   * be given to others.
   */
  async refresh(
    call: Call,
    request: CacheRequest,
    known: StoredResponse,
    update: ResponseHeaders,
    times: ExchangeTimes,
    fill: Fill,
  ): Promise<Refreshed> {
    const merged = mergedHeaders(known.headers, update);
    const directives = this.#directives(merged);
    const lifetime = this.#lifetime(merged, directives, times);
    const headers = storedHeaders(merged, this.#fieldsNotToStore(directives));
    const response = { ...known, ...times, headers, lifetime, ...this.#whomFor(request, merged, directives) };
    const refusal = this.#refusal(known.status, merged, directives, lifetime, request);
    if (refusal === undefined) return { response, isStored: await this.#store(call, request, response, fill) };
    await this.#context.state.forget(request.url, 'invalidated');
    this.#decided(call, false, refusal);
    return { response, isStored: false };
  }

  #refusal(
    status: number,
    headers: ResponseHeaders,
    directives: Directives,
    lifetime: Lifetime,
    { credentials }: CacheRequest,
  ): string | undefined {
    const { private: isPrivate, heuristic } = this.#context.settings;
    return refusalToStore(status, headers, directives, lifetime, credentials, { isPrivate, heuristic });
  }

  /** The requests that a response is for. */
  #whomFor(
    { valueOf, audience }: CacheRequest,
    headers: ResponseHeaders,
    directives: Directives,
  ): Pick<StoredResponse, 'selectors' | 'audience'> {
    const selectors = selectorsOf(headers, valueOf, this.#context.isSecretHeader);
    return { selectors, audience: directives.has('public') ? undefined : audience };
  }

  /** Those that the response wants not to be used again without validation, or by others. */
  #fieldsNotToStore(directives: Directives): readonly string[] {
    const ofOthers = this.#context.settings.private ? [] : fieldsOf(directives, 'private');
    return [...fieldsOf(directives, 'no-cache'), ...ofOthers];
  }

  /** Stores a response to a GET. A stream is stored when it has been read. */
  async write(
    call: Call,
    request: CacheRequest,
    response: AxiosResponse,
    times: ExchangeTimes,
    fill: Fill,
  ): Promise<Kept> {
    const { settings } = this.#context;
    const { status, statusText } = response;
    const given = withEachAge(response);
    const directives = this.#directives(given);
    const lifetime = this.#lifetime(given, directives, times);
    const refusal =
      this.#refusal(status, given, directives, lifetime, request) ??
      (isRedirected(response, request) ? 'reached by a redirect' : undefined) ??
      (Number(given['content-length']) > settings.maxEntryBytes ? TOO_LARGE : undefined);
    const about = {
      url: request.url,
      status,
      statusText,
      headers: storedHeaders(given, this.#fieldsNotToStore(directives)),
      lifetime,
      ...times,
      ...this.#whomFor(request, given, directives),
      apart: request.apart,
      tags: this.#tagsOf(call, response),
    };
    if (isReadable(response.data)) {
      if (refusal === undefined) this.#storeAtEnd(call, request, response, about, fill);
      else this.#decided(call, false, refusal);
      return {};
    }
    const isFailed = status >= 500;
    const bytes = refusal === undefined || isFailed ? bodyToStore(response) : undefined;
    const whole = bytes && { ...about, ...bytes };
    if (refusal === undefined && whole && (await this.#store(call, request, whole, fill))) return { stored: whole };
    if (refusal !== undefined || !whole) this.#decided(call, false, refusal ?? 'a body that is neither text nor bytes');
    if (refusal === undefined && fill.isVoid) return { isOutdated: true };
    return isFailed ? { failure: whole } : {};
  }

  /** The caller reads it, at its own pace; it is stored when it has ended. */
  #storeAtEnd(
    call: Call,
    request: CacheRequest,
    response: AxiosResponse,
    about: Omit<StoredResponse, 'body' | 'isText'>,
    { url, isVoid }: Fill,
  ): void {
    const { state, settings } = this.#context;
    const body = response.data as Readable;
    const fill = state.begin(url);
    fill.isVoid = isVoid;
    let parts: Buffer[] | undefined = [];
    let length = 0;
    const tee = new Transform({
      transform(part: Buffer, _encoding, done) {
        length += part.length;
        if (length > settings.maxEntryBytes) parts = undefined;
        else parts?.push(part);
        done(null, part);
      },
    });
    endsWith(tee, body);
    pipeline(body, tee, (failure) => {
      const whole = !failure && parts ? ownBytes(Buffer.concat(parts, length)) : undefined;
      if (whole) void this.#store(call, request, { ...about, body: whole, isText: false }, fill);
      else this.#decided(call, false, failure ? 'a body that has not come to its end' : TOO_LARGE);
      state.end(fill);
    });
    response.data = tee;
  }

  async #store(call: Call, request: CacheRequest, stored: StoredResponse, fill: Fill): Promise<boolean> {
    const { state, settings, events, now } = this.#context;
    const { url } = request;
    if (stored.body.length > settings.maxEntryBytes) return this.#refused(call, TOO_LARGE);
    const { store } = state;
    const got = store.get(url);
    const others = got instanceof Promise ? await got : got;
    if (fill.isVoid) return this.#refused(call, OUTDATED);
    if (isOutdated(stored, others, now())) return this.#refused(call, 'a response to a later request is stored');
    const { lifetime } = stored;
    const ttlMs = freshMs(lifetime, settings.heuristic) - ageMs(lifetime, stored.respondedAt, now());
    const written = store.set(url, withStored(others, stored, MAX_VARIANTS), keepMs(stored, ttlMs));
    if (!(written instanceof Promise ? await written : written)) {
      fill.isVoid = true;
      return this.#refused(call, OUTDATED);
    }
    state.counts.stored++;
    if (events.wants('cache:stored')) {
      events.publish('cache:stored', eventOf(call, { bytes: stored.body.length, ttlMs }));
    }
    this.#decided(
      call,
      true,
      ttlMs > 0 && !lifetime.noCache ? `fresh for ${Math.round(ttlMs / 1_000)} s` : 'to be validated',
    );
    return true;
  }

  #refused(call: Call, reason: string): false {
    this.#decided(call, false, reason);
    return false;
  }

  #decided(call: Call, stored: boolean, reason: string): void {
    const { events } = this.#context;
    if (events.wants('cache:decision')) events.publish('cache:decision', eventOf(call, { stored, reason }));
  }

  #directives(headers: Readonly<Record<string, unknown>>): Directives {
    for (const name of this.#context.settings.targetedHeaders) {
      const directives = targetedDirectives(headers[name]);
      if (directives) return directives; // RFC 9213 §2.2: the first of the list that is there, and no other
    }
    return directivesOf(headers['cache-control']);
  }

  #lifetime(headers: Readonly<Record<string, unknown>>, directives: Directives, times: ExchangeTimes) {
    return lifetimeOf(headers, directives, !this.#context.settings.private, times);
  }

  #tagsOf({ config: { cache: ofCall } }: Call, response: AxiosResponse): readonly string[] {
    const { tags, tagHeader } = this.#context.settings;
    const given = tagHeader === undefined ? undefined : (response.headers[tagHeader] as unknown);
    const named = typeof given === 'string' ? given.split(/[\s,]+/).filter(Boolean) : [];
    const own = typeof ofCall === 'object' ? ofCall.tags : undefined;
    const ofOption = [tags, own].flatMap((some) =>
      typeof some === 'function' ? tagsBy(some, response) : (some ?? []),
    );
    return [...new Set([...named, ...ofOption])];
  }
}

const OUTDATED = 'deleted, or maybe changed, while it was on its way';
const TOO_LARGE = 'a body larger than maxEntryBytes';

function tagsBy(name: (response: AxiosResponse) => readonly string[], response: AxiosResponse): readonly string[] {
  try {
    const tags: unknown = name(response);
    return Array.isArray(tags) ? tags.map(String) : [];
  } catch {
    return []; // a bug in it must not fail the call
  }
}

/** How long to keep what may be validated, once it is stale. */
const KEEP_FOR_VALIDATION_MS = 24 * 3_600_000;

function keepMs(stored: StoredResponse, ttlMs: number): number {
  const { whileRevalidateMs, ifErrorMs } = stored.lifetime;
  const afterMs = validators(stored) ? KEEP_FOR_VALIDATION_MS : 60_000;
  return Math.max(0, ttlMs) + Math.max(whileRevalidateMs, ifErrorMs, afterMs);
}

/** Node drops the second line of an `Age`, which says that nobody knows how old the response is. */
function withEachAge({ headers, request }: AxiosResponse): Readonly<Record<string, unknown>> {
  if (headers['age'] === undefined) return headers;
  const raw =
    (request as { readonly res?: { readonly rawHeaders?: readonly string[] } } | undefined)?.res?.rawHeaders ?? [];
  const ages = raw.filter((_, index) => index % 2 === 1 && raw[index - 1]!.toLowerCase() === 'age');
  return ages.length > 1 ? Object.assign({}, headers, { age: ages.join(', ') }) : headers;
}

/** Its response is another resource's. */
function isRedirected({ request }: AxiosResponse, { url }: CacheRequest): boolean {
  const final = (request as { readonly res?: { readonly responseUrl?: unknown } } | undefined)?.res?.responseUrl;
  return typeof final === 'string' && !url.endsWith(final);
}
