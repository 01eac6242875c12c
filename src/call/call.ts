import { type AxiosResponse, CanceledError, type InternalAxiosRequestConfig } from 'axios';
import { types } from 'node:util';
import { Cancellation } from '../base/cancellation.js';
import { type Clock, systemClock } from '../base/clock.js';
import { ownSettings } from '../base/prototype-pollution.js';
import type { Attempt } from '../errors/http-client.error.js';
import { canParse } from '../base/can-parse.js';
import { checkedConfig } from './values.js';

/** What is known of a call so far: one for all its attempts, written as it goes on, read by timings and events. */
export interface CallJournal {
  /** Unique in the process. */
  readonly id: number;
  /** The caller's config: what errors and responses have when they leave the client. */
  readonly config: InternalAxiosRequestConfig;
  /** What the layers have made of it; undefined where they have changed nothing. */
  derivedConfigs: InternalAxiosRequestConfig[] | undefined;
  /** When the call was made, on the client's clock. */
  readonly startedAt: number;
  /** How long it has waited for a place so far, in milliseconds: in a concurrency limit, a rate limit, or for a socket. */
  queuedMs: number;
  /** Requests made for it so far, retries and hedges included. */
  requests: number;
  /** Whether an upstream has answered, so that the event loop has turned since the call was made. */
  hasAnswer: boolean;
  /**
   * The next request made for it is not for a pooled socket that has been idle since before this time, on the client's clock: whoever was at
   * its other end may be gone. -Infinity: any will do.
   */
  trustsSince: number;
  /** The addresses that requests for it went to, where the origin has several: the next one prefers another. Undefined: none. */
  tried: string[] | undefined;
  /** Within the attempt that is under way: requests that have been answered, and made again all the same. Undefined: none. */
  answeredBefore: Attempt[] | undefined;
  /** Whether the transport keeps the bytes of the body: the cache stores these, not the text made of them. */
  keepsBody: boolean;
}

let calls = 0;

function callJournal(startedAt: number, config: InternalAxiosRequestConfig): CallJournal {
  return {
    id: ++calls,
    config,
    derivedConfigs: undefined,
    startedAt,
    queuedMs: 0,
    requests: 0,
    hasAnswer: false,
    trustsSince: -Infinity,
    tried: undefined,
    answeredBefore: undefined,
    keepsBody: false,
  };
}

/** What travels through the stack: one call of the user's, or one attempt at it. */
export interface Call {
  /** The config axios hands to its adapter: merged, transformed, the body serialised. Never mutated. */
  readonly config: InternalAxiosRequestConfig;
  /** Which client it was made with. */
  readonly clientName: string;
  /** Scheme, host and port, as `https://api.example.com`; `unix:<path>` for a socket path. */
  readonly origin: string;
  /** Upper case. */
  readonly method: string;
  /** 1 for the first exchange made for this call. */
  readonly attempt: number;
  /** When all of it must be over, on the client's clock; Infinity where nothing limits it. */
  readonly deadline: number;
  /**
   * Ends the call from within: whoever waits on its behalf subscribes. The caller's own `signal` and `cancelToken` end it,
   * too.
   */
  readonly cancellation: Cancellation;
  /** Asks for one more request than was called for, and takes it from the origin's budget. Absent: there is no budget. */
  readonly mayRepeat?: (() => boolean) | undefined;
  /**
   * One for all attempts of the call.
   * @internal
   */
  readonly journal: CallJournal;
}

/** What a layer may change of a call for the layers within. */
export type CallChanges = Partial<Pick<Call, 'config' | 'attempt' | 'deadline' | 'cancellation' | 'mayRepeat'>>;

/** Carries a call to its response. Settles promptly once `call.cancellation` is cancelled, with its reason. */
export type Handler = (call: Call) => Promise<AxiosResponse>;

/** Wraps a handler. State belongs to the layer instance, never to the call. */
export type Layer = (next: Handler) => Handler;

/**
 * The call that an axios config, as adapters get it, stands for.
 * @throws AxiosError for a cancel token of another kind, or what following it or the signal throws
 */
export function createCall(given: InternalAxiosRequestConfig, clientName: string, clock: Clock = systemClock): Call {
  const config = ownSettings(given); // axios's own have no prototype, but what an interceptor makes of one may
  const { cancelToken, signal, method = 'get' } = config;
  if (typeof config.url === 'object') config.url = textOfUrl(config.url);
  const cancellation = new Cancellation();
  try {
    if (cancelToken) cancellation.followToken(cancelToken);
    if (signal) cancellation.follow(signal, () => new CanceledError(undefined, config));
  } catch (error) {
    cancellation.unfollow();
    throw error;
  }
  const journal = callJournal(clock.now(), given);
  if (config !== given) journal.derivedConfigs = [config];
  return new AxiosCall(config, clientName, method.toUpperCase(), 1, Infinity, cancellation, undefined, journal);
}

/** axios takes URL objects as well: whoever looks at the call finds the text. Anything else is left, for the transport to refuse. */
function textOfUrl(url: unknown): string {
  return url instanceof URL || types.isStringObject(url) ? String(url) : (url as string);
}

/** The same call, changed for the layers within. */
export function deriveCall(call: Call, changes: CallChanges): Call {
  const { config = call.config, attempt = call.attempt, deadline = call.deadline } = changes;
  const { cancellation = call.cancellation, mayRepeat = call.mayRepeat } = changes;
  if (config !== call.config) {
    const { journal } = call;
    if (journal.derivedConfigs) journal.derivedConfigs.push(config);
    else journal.derivedConfigs = [config]; // to push onto an empty list makes room for 17
  }
  return new AxiosCall(
    config,
    call.clientName,
    call.method,
    attempt,
    deadline,
    cancellation,
    mayRepeat,
    call.journal,
    call,
  );
}

/**
 * The same for layers of the app, whose config is looked at as that of a call is.
 * @throws AxiosError for a value that is wrong
 */
export function deriveCheckedCall(call: Call, changes: CallChanges): Call {
  const { config } = changes;
  return deriveCall(call, config === undefined ? changes : { ...changes, config: checkedConfig(config) });
}

class AxiosCall implements Call {
  #origin: string | undefined;

  constructor(
    readonly config: InternalAxiosRequestConfig,
    readonly clientName: string,
    readonly method: string,
    readonly attempt: number,
    readonly deadline: number,
    readonly cancellation: Cancellation,
    readonly mayRepeat: (() => boolean) | undefined,
    readonly journal: CallJournal,
    /** What it was derived from: where it leads cannot be changed. */
    readonly derivedFrom?: Call,
  ) {}

  /** Found out when asked for: without layers that keep state for each origin, a call that goes well never is. */
  get origin(): string {
    return (this.#origin ??= this.derivedFrom?.origin ?? originOf(this.config));
  }
}

const ABSOLUTE = /^[a-z][a-z\d+.-]*:\/\//i;
const PLAIN_ORIGIN = /^https?:\/\/[a-z\d.-]+(?::\d+)?(?=[/?]|$)/;

/** As written → as URL has it. Parsing a URL takes 1.5 us. */
const origins = new Map<string, string>();
const MAX_CACHED_ORIGINS = 1_000;

/** Scheme, host and port that a config is for. */
export function originOf({
  socketPath,
  baseURL,
  url = '',
  allowAbsoluteUrls,
}: Pick<InternalAxiosRequestConfig, 'socketPath' | 'baseURL' | 'url' | 'allowAbsoluteUrls'>): string {
  if (socketPath && typeof socketPath === 'string') return `unix:${socketPath}`; // another is refused, which asks for its origin
  const usesBase = Boolean(baseURL) && (allowAbsoluteUrls === false || !ABSOLUTE.test(url));
  const address = usesBase ? baseURL! : url;
  // A base URL is the same for all calls, and its own name here.
  const written = usesBase ? address : PLAIN_ORIGIN.exec(address)?.[0];
  if (written === undefined) return parsedOrigin(address);
  let origin = origins.get(written);
  if (origin === undefined) {
    origin = parsedOrigin(written);
    if (origins.size === MAX_CACHED_ORIGINS) origins.clear();
    origins.set(written, origin);
  }
  return origin;
}

/** axios refuses an address that is none; until then the call needs a name. */
function parsedOrigin(address: string): string {
  return canParse(address) ? new URL(address).origin : 'invalid URL';
}
