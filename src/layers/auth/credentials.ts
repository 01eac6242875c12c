import { isThenable } from '../../base/argument-checks.js';
import { basicAuthorization, isFieldValue } from '../../base/http-rules.js';
import type { Clock } from '../../base/clock.js';
import type { Call } from '../../call/call.js';
import { CredentialsError } from '../../errors/credentials.error.js';
import type { AuthOptions, CredentialFunction, CredentialValue } from '../../options/auth-options.js';
import { signableRequest } from './signing.js';
import type { TokenSource } from './token-source.js';

/** What shows an upstream who makes a call. */
export interface Proof {
  readonly headers: Readonly<Record<string, string>>;
  /** What tells it from others. */
  readonly value: string;
}

/** Where a client's proofs come from. */
export interface Credentials {
  /** The option that they come from. */
  readonly source: string;
  /** The header that they are sent in; undefined where that is for each proof to say. */
  readonly header: string | undefined;
  /** That of every attempt; undefined: each is asked for. */
  readonly fixed?: Proof;
  /** For one attempt. @throws CredentialsError */
  proofFor(call: Call): Proof | Promise<Proof>;
  /**
   * In place of one that was refused with 401; undefined: there is no other. Absent: there never is.
   * @throws CredentialsError
   */
  proofAfter?(call: Call, refused: Proof): Promise<Proof | undefined> | undefined;
  /** One that came in place of another was refused as well. */
  refusedAfresh?(proof: Proof): void;
}

/** @param tokens where `oauth2` is given */
export function credentialsOf(options: AuthOptions, clock: Clock, tokens: TokenSource | undefined): Credentials {
  const { bearer, basic, apiKey, sign } = options;
  if (tokens) return ofTokens(tokens, clock);
  if (bearer !== undefined) return ofSecret('bearer', bearer, 'authorization', (token) => `Bearer ${token}`);
  if (basic) return ofBasic(basic);
  if (apiKey) return ofSecret('apiKey.value', apiKey.value, apiKey.header, (value) => value);
  return ofSignature(sign!);
}

/** Whether one caller's credentials may be another's than the next one's: they must share no answers. */
export function areOfCaller({ bearer, apiKey, sign, sameForAll = false }: AuthOptions): boolean {
  return !sameForAll && [bearer, apiKey?.value, sign].some((source) => typeof source === 'function');
}

function ofTokens(tokens: TokenSource, clock: Clock): Credentials {
  const proofOf = (token: string) => proof('authorization', `Bearer ${token}`, token);
  const renewed = async (call: Call): Promise<Proof> => {
    const token = await tokens.renewed();
    if (typeof token === 'string') return proofOf(token);
    throw CredentialsError.noToken(call, token.failure, token.until - clock.now());
  };
  let last: Proof | undefined;
  return {
    source: 'oauth2',
    header: 'authorization',
    proofFor(call) {
      const token = tokens.current;
      if (token === undefined) return renewed(call);
      return last?.value === token ? last : (last = proofOf(token));
    },
    proofAfter(call, { value }) {
      if (!tokens.refuse(value)) return undefined;
      const token = tokens.current;
      return token === undefined ? renewed(call) : Promise.resolve(proofOf(token));
    },
    refusedAfresh: ({ value }) => tokens.trust(value),
  };
}

function ofSecret(
  source: string,
  secret: string | CredentialFunction,
  header: string,
  form: (value: string) => string,
): Credentials {
  if (typeof secret === 'string') {
    const fixed = proof(header, form(secret), secret);
    return { source, header, fixed, proofFor: () => fixed };
  }
  const asked = (call: Call, refused?: string): Proof | Promise<Proof> => {
    const { clientName: client, origin } = call;
    const value = given(source, call, () => secret({ client, origin, refused }));
    const proofOf = (text: string) => {
      if (!isFieldValue(text)) throw CredentialsError.unusable(call, source, 'characters that no header can have');
      return proof(header, form(text), text);
    };
    return typeof value === 'string' ? proofOf(value) : value.then(proofOf);
  };
  return { source, header, proofFor: (call) => asked(call), proofAfter: async (call, { value }) => asked(call, value) };
}

function ofBasic({ username, password }: NonNullable<AuthOptions['basic']>): Credentials {
  const proofOf = (user: string, secret: string) => {
    const pair = `${user}:${secret}`;
    return proof('authorization', basicAuthorization(pair), pair);
  };
  if (typeof username === 'string' && typeof password === 'string') {
    const fixed = proofOf(username, password);
    return { source: 'basic', header: 'authorization', fixed, proofFor: () => fixed };
  }
  const asked = async (call: Call) =>
    proofOf(await valueOf('basic.username', username, call), await valueOf('basic.password', password, call));
  return { source: 'basic', header: 'authorization', proofFor: asked, proofAfter: asked };
}

function ofSignature(sign: NonNullable<AuthOptions['sign']>): Credentials {
  return {
    source: 'sign',
    header: undefined,
    proofFor(call) {
      const request = signableRequest(call);
      const signed = askedOf(call, 'sign', () => sign(request));
      const proofOf = (headers: unknown): Proof => {
        if (typeof headers !== 'object' || headers === null)
          throw CredentialsError.unusable(call, 'sign', typeof headers);
        return { headers: headers as Proof['headers'], value: '' };
      };
      return signed instanceof Promise ? signed.then(proofOf) : proofOf(signed);
    },
  };
}

const proof = (header: string, text: string, value: string): Proof => ({ headers: { [header]: text }, value });

const valueOf = async (source: string, value: CredentialValue, call: Call) =>
  typeof value === 'string' ? value : given(source, call, value);

function given(source: string, call: Call, ask: () => string | Promise<string>): string | Promise<string> {
  const usable = (value: unknown) => usableText(value, (got) => CredentialsError.unusable(call, source, got));
  const value = askedOf(call, source, ask);
  return value instanceof Promise ? value.then(usable) : usable(value);
}

/**
 * What a function of the user's gives. Most have it at hand: nothing waits then.
 * @throws CredentialsError for what it throws
 */
function askedOf(call: Call, source: string, ask: () => unknown): unknown {
  const failed = (error: unknown) => {
    throw CredentialsError.failed(call, source, error);
  };
  try {
    const value = ask();
    return isThenable(value) ? Promise.resolve(value).catch(failed) : value;
  } catch (error) {
    return failed(error);
  }
}

/** @throws what `unusable` makes of what is there instead of a text */
export function usableText(value: unknown, unusable: (got: string) => Error): string {
  if (typeof value === 'string' && value !== '') return value;
  throw unusable(value === '' ? 'an empty text' : typeof value);
}
