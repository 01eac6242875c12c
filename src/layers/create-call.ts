import { CanceledError, type InternalAxiosRequestConfig } from 'axios';
import { types } from 'node:util';
import { type Clock, systemClock } from '../clock.js';
import { ownSettings } from '../prototype-pollution.js';
import { Cancellation } from '../transport/cancellation.js';
import { type CallJournal, callJournal } from './call-journal.js';
import type { Call, CallChanges } from './layer.js';

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
  if (config !== call.config) (call.journal.derivedConfigs ??= []).push(config);
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
  if (socketPath) return `unix:${socketPath}`;
  const usesBase = Boolean(baseURL) && (allowAbsoluteUrls === false || !ABSOLUTE.test(url));
  const address = usesBase ? baseURL! : url;
  const written = PLAIN_ORIGIN.exec(address)?.[0];
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
  return URL.canParse(address) ? new URL(address).origin : 'invalid URL';
}
