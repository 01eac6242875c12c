import type { Call } from '../call/call.js';
import { hide } from './http-client.error.js';
import { RetryLaterError } from './refusal.errors.js';

/** Why a token could not be had. Has no secrets. */
export interface TokenFailure {
  /** The status of the authorization server; undefined where it has not answered. */
  readonly status: number | undefined;
  /** The error it names (`invalid_client`, RFC 6749 §5.2), or the code of what failed. */
  readonly reason: string;
  /** Scheme, host and port of the authorization server. */
  readonly origin: string;
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
  static noToken(call: Call, { reason, status, origin }: TokenFailure, retryAfterMs: number): CredentialsError {
    const how = status === undefined ? reason : `${status} ${reason}`;
    return new CredentialsError(call, `no token from ${origin}: ${how}; see auth.oauth2`, reason, status, retryAfterMs);
  }

  /**
   * @param ms how long the call may take
   * @internal
   */
  static noTokenInTime(call: Call, ms: number): CredentialsError {
    return new CredentialsError(
      call,
      `no token within the call's ${ms} ms; see auth.oauth2`,
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
    const code = (cause as { code?: unknown } | undefined)?.code;
    const reason = typeof code === 'string' ? code : cause instanceof Error ? cause.name : typeof cause;
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
