import type { AxiosInstance, AxiosResponse } from 'axios';
import type { Clock } from '../base/clock.js';
import { basicAuthorization, isFieldValue, retryAfterMs } from '../base/http-rules.js';
import { originOf } from '../call/call.js';
import type { EventSink } from '../call/event-sink.js';
import { responseOf } from '../call/outcome.js';
import { outcomeName, transienceOf } from '../call/transience.js';
import type { Layer } from '../call/call.js';
import type { TokenFailure } from '../errors/credentials.error.js';
import { nameOfThrown } from '../errors/http-client.error.js';
import { detached } from '../inbound/context.js';
import { auth } from '../layers/auth/auth.js';
import { credentialsOf, usableText } from '../layers/auth/credentials.js';
import { type Grant, TokenSource } from '../layers/auth/token-source.js';
import type { CredentialValue, OAuth2Options } from '../options/auth-options.js';
import { OAUTH2_DEFAULTS } from '../options/defaults.js';
import type { OpenSharedState } from '../options/shared-state.js';
import type { ResolvedClientOptions } from '../options/resolve-options.js';
import { NO_RESILIENCE, RESILIENCE_DEFAULTS } from '../options/resolve-resilience.js';

export interface AuthLayerContext {
  readonly clock: Clock;
  /** The wall clock, in milliseconds since 1970. */
  readonly now: () => number;
  readonly closing: AbortSignal;
  readonly events: EventSink;
  /** Makes the client that asks for tokens, on the pool of the one that they are for. */
  readonly tokenClient: (options: ResolvedClientOptions) => AxiosInstance;
  /** Where replicas share tokens. */
  readonly shared: OpenSharedState | undefined;
}

/** @returns undefined for a client without credentials */
export function authLayer(options: ResolvedClientOptions, context: AuthLayerContext): Layer | undefined {
  if (!options.auth) return undefined;
  const { clock, now, closing, events, tokenClient, shared } = context;
  const { oauth2 } = options.auth;
  let tokens: TokenSource | undefined;
  if (oauth2) {
    const http = tokenClient(tokenClientOptions(options, oauth2));
    const { name: client } = options;
    const origin = new URL(oauth2.tokenUrl).origin;
    const fetch = async (): Promise<Grant> => {
      const startedAt = clock.now();
      const tell = (failure: TokenFailure | undefined) => {
        if (!events.wants('token:renew')) return;
        events.publish('token:renew', {
          client,
          origin,
          durationMs: clock.now() - startedAt,
          failure: failure?.reason,
        });
      };
      try {
        // The calls that wait for it are of several inbound requests: none of them may end it for the others.
        const grant = await detached(() => requestToken(http, oauth2));
        tell(undefined);
        return grant;
      } catch (error) {
        const failure = failureOf(error, origin, now());
        tell(failure);
        throw failure; // oxlint-disable-line only-throw-error -- no error of a call's: each that waits has one of its own
      }
    };
    const share =
      (oauth2.shared ?? OAUTH2_DEFAULTS.shared) && shared ? shared.tokens(identityOf(client, oauth2)) : undefined;
    const lockMs = (oauth2.timeoutMs ?? OAUTH2_DEFAULTS.timeoutMs) + LOCK_MARGIN_MS;
    tokens = new TokenSource({
      clock,
      fetch: share ? (refused) => share.grant(fetch, refused, lockMs) : fetch,
    });
  }
  const { socketPath } = options.axios;
  const origin = originOf({ baseURL: options.baseURL!, socketPath: socketPath ?? null });
  return auth(credentialsOf(options.auth, clock, tokens), origin, { clock, closing });
}

/** For what is around a renewal: to read, to write, to look up the secret. */
const LOCK_MARGIN_MS = 1_000;

/** The same for clients of the same name, in all replicas, whose tokens are for the same. Secrets are no part of it. */
function identityOf(client: string, { tokenUrl, clientId, scope, audience, resource, params }: OAuth2Options): string {
  const id = typeof clientId === 'string' ? clientId : undefined;
  return JSON.stringify([client, tokenUrl, id, scope, audience, resource, params]);
}

/** What asks for the tokens of a client is called. */
export const tokenClientName = (client: string): string => `${client}:token`;

/** Nothing of the API's own: neither its headers, nor its limits, nor where its calls may lead. */
function tokenClientOptions(options: ResolvedClientOptions, { timeoutMs = OAUTH2_DEFAULTS.timeoutMs }: OAuth2Options) {
  const { statuses } = RESILIENCE_DEFAULTS.retry;
  const { proxy } = options.axios;
  return {
    ...options,
    name: tokenClientName(options.name),
    baseURL: undefined,
    confine: false,
    headers: {},
    axios: { ...(proxy !== undefined && { proxy }) },
    auth: undefined,
    origins: {},
    cache: false,
    resilience: {
      ...NO_RESILIENCE,
      deadlineMs: timeoutMs,
      // A POST, but one that may be repeated: another token is as good.
      retry: {
        ...RESILIENCE_DEFAULTS.retry,
        retryIf: (failed) => transienceOf(failed, statuses) !== 'permanent',
      },
    },
  } satisfies ResolvedClientOptions;
}

async function requestToken(http: AxiosInstance, options: OAuth2Options): Promise<Grant> {
  const { tokenUrl, method = OAUTH2_DEFAULTS.method, scope, audience, resource, params } = options;
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  if (scope !== undefined) form.set('scope', scope);
  if (audience !== undefined) form.set('audience', audience);
  for (const one of [resource ?? []].flat()) form.append('resource', one);
  for (const [name, value] of Object.entries(params ?? {})) form.set(name, value);
  const id = await secret('clientId', options.clientId);
  const password = await secret('clientSecret', options.clientSecret);
  const headers: Record<string, string> = { accept: 'application/json' };
  if (method === 'client_secret_post') {
    form.set('client_id', id);
    form.set('client_secret', password);
  } else {
    // Encoded as a form before they are joined: RFC 6749 §2.3.1.
    headers['authorization'] = basicAuthorization(`${formEncoded(id)}:${formEncoded(password)}`);
  }
  return grantOf(await http.post<unknown>(tokenUrl, form, { headers, maxRedirects: 0 }));
}

const formEncoded = (text: string) => new URLSearchParams({ '': text }).toString().slice(1);

async function secret(name: string, value: CredentialValue): Promise<string> {
  let text: unknown;
  try {
    text = typeof value === 'string' ? value : await value();
  } catch (error) {
    throw new UnusableSecret(name, nameOfThrown(error), error);
  }
  return usableText(text, (got) => new UnusableSecret(name, `${name} gave ${got}`));
}

/** A function of the user's has given no secret: nothing was requested. */
class UnusableSecret extends Error {
  constructor(
    readonly option: string,
    message: string,
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}

/** A response that says it is a success, but has no token. */
class UnusableAnswer extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

function grantOf({ data, status }: AxiosResponse<unknown>): Grant {
  const { access_token: token, token_type: type, expires_in: seconds } = (data ?? {}) as Record<string, unknown>;
  if (typeof token !== 'string' || token === '') {
    throw new UnusableAnswer(status, namedError(data) ?? 'a response without access_token');
  }
  if (!isFieldValue(token)) throw new UnusableAnswer(status, 'a token with characters that no header can have');
  if (typeof type === 'string' && type.toLowerCase() !== 'bearer') {
    throw new UnusableAnswer(status, 'a token of a type other than Bearer');
  }
  const lifetimeMs = Number(seconds ?? Infinity) * 1_000; // some send digits as text
  return { token, lifetimeMs: lifetimeMs > 0 ? lifetimeMs : Infinity };
}

/** The error of RFC 6749 §5.2 that an answer names: what else is in it may say more than should be told. */
function namedError(data: unknown): string | undefined {
  const { error } = (data ?? {}) as { error?: unknown };
  return typeof error === 'string' && /^[\w.-]{1,60}$/.test(error) ? error : undefined;
}

/** @param now the wall clock, in milliseconds since 1970 */
function failureOf(error: unknown, origin: string, now: number): TokenFailure {
  if (error instanceof UnusableSecret) {
    const { option, message, cause } = error;
    return { status: undefined, reason: message, origin, pauseMs: 0, option, cause };
  }
  if (error instanceof UnusableAnswer) {
    return { status: error.status, reason: error.message, origin, pauseMs: 0 };
  }
  const response = responseOf(error);
  const without = response ? 'without an error of RFC 6749' : String(outcomeName({ error }));
  const reason = namedError(response?.data) ?? without;
  const pauseMs = retryAfterMs(response?.headers['retry-after'], now) ?? 0;
  return { status: response?.status, reason, origin, pauseMs };
}
