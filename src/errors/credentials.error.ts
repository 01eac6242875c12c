import type { Call } from '../call/call.js';
import { hide, nameOfThrown } from './http-client.error.js';
import { RetryLaterError } from './refusal.errors.js';

/** Why a token could not be had. Has no secrets. */
export interface TokenFailure {
  /** The status of the authorization server; undefined where it has not answered. */
  readonly status: number | undefined;
  /** The error it names (`invalid_client`, RFC 6749 §5.2), or the code of what failed. */
  readonly reason: string;
  /** Scheme, host and port of the authorization server. */
  readonly origin: string;
  /** How long the server asks to be left alone, in milliseconds; 0 where it does not. */
  readonly pauseMs: number;
  /** The option to look at, where the reason alone does not tell: no request was sent then. */
  readonly option?: string;
  /** What a function of the user's has thrown. */
  readonly cause?: unknown;
}

/** Error of RFC 6749 §5.2 or RFC 8707 §2, or of ours → what helps. */
const REMEDIES: Readonly<Record<string, string>> = {
  invalid_client: 'check clientId, clientSecret and method of auth.oauth2',
  invalid_scope: 'check auth.oauth2.scope',
  invalid_target: 'check resource and audience of auth.oauth2',
  invalid_request: 'check audience, resource, params and method of auth.oauth2',
  unauthorized_client: 'allow this client the grant client_credentials at the server',
  unsupported_grant_type: 'allow this client the grant client_credentials at the server',
  ERR_DEADLINE_EXCEEDED: 'raise auth.oauth2.timeoutMs if the server needs longer',
  ERR_ADDRESS_BLOCKED: 'allow the address in guard, which holds for token requests as well',
};

function remedyOf({ status, reason, option }: TokenFailure): string {
  if (option !== undefined) return `check the function auth.oauth2.${option}`;
  if (Object.hasOwn(REMEDIES, reason)) return REMEDIES[reason]!;
  if (status === 401 || status === 403) return REMEDIES['invalid_client']!;
  if (status === 429 || (status !== undefined && status >= 500)) return 'the server cannot answer at the moment';
  return 'check auth.oauth2.tokenUrl';
}

/** A call was not made, or not made again, for want of credentials. */
export class CredentialsError extends RetryLaterError {
  declare readonly code: 'ERR_CREDENTIALS';
  /** The authorization server's error (`invalid_client`, RFC 6749 §5.2), or the code of what went wrong. */
  readonly reason: string;
  /** The status of the authorization server; undefined where it has not answered. */
  readonly status: number | undefined;

  private constructor(call: Call, message: string, reason: string, status: number | undefined, retryAfterMs: number) {
    super('ERR_CREDENTIALS', message, call, retryAfterMs);
    this.reason = reason;
    this.status = status;
  }

  /**
   * @param retryAfterMs until the next renewal may begin
   * @internal
   */
  static noToken(call: Call, failure: TokenFailure, retryAfterMs: number): CredentialsError {
    const { reason, status, origin, cause } = failure;
    const how = status === undefined ? reason : `${status} ${reason}`;
    const message = `no token from ${origin}: ${how}; ${remedyOf(failure)}`;
    const error = new CredentialsError(call, message, reason, status, retryAfterMs);
    if (cause !== undefined) hide(error, 'cause', cause);
    return error;
  }

  /**
   * @param source the option that they were to come from
   * @param ms how long the call may take
   * @internal
   */
  static notInTime(call: Call, source: string, ms: number): CredentialsError {
    return new CredentialsError(
      call,
      `no credentials from auth.${source} within ${ms} ms, the timeout of the call; raise it if they need longer`,
      'ETIMEDOUT',
      undefined,
      0,
    );
  }

  /**
   * @param source the option whose function has failed
   * @internal
   */
  static failed(call: Call, source: string, cause: unknown): CredentialsError {
    const reason = nameOfThrown(cause);
    const error = new CredentialsError(call, `auth.${source} has failed: ${reason}`, reason, undefined, 0);
    hide(error, 'cause', cause);
    return error;
  }

  /**
   * @param source the option whose function has given it
   * @internal
   */
  static unusable(call: Call, source: string, got: string): CredentialsError {
    return new CredentialsError(
      call,
      `auth.${source} gave no credentials, but ${got}`,
      'ERR_INVALID_ARG_VALUE',
      undefined,
      0,
    );
  }
}
