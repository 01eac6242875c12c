import type { ClientHttp2Stream } from 'node:http2';
import type { PooledSession } from '../../pool/http2/session.js';
import { coded } from './headers.js';

/** Codes of RFC 9113 §7. */
const NO_ERROR = 0;
const INTERNAL_ERROR = 2;
const STREAM_CLOSED = 5;
const REFUSED_STREAM = 7;
const CANCEL = 8;
const CONNECT_ERROR = 10;
const ENHANCE_YOUR_CALM = 11;

/** What an upstream ends a stream with that it cannot serve at the moment, as a server of HTTP/1.1 closes the socket. */
const CLOSED = new Set([
  NO_ERROR,
  INTERNAL_ERROR,
  STREAM_CLOSED,
  REFUSED_STREAM,
  CANCEL,
  CONNECT_ERROR,
  ENHANCE_YOUR_CALM,
]);

/**
 * How a stream has ended without all of its response:
 * - `refused`: the upstream has not looked at the request (RFC 9113 §8.7)
 * - `reset`: the upstream has ended it, and the session goes on
 * - `lost`: the session is over
 */
export type Ending = 'refused' | 'reset' | 'lost';

export interface Failure {
  readonly ending: Ending;
  /** With Node's codes for what is the same in HTTP/1.1. */
  readonly error: Error;
}

/**
 * @param thrown what Node has ended the stream with, if anything
 * @param mayBeTooMuch whether the session has received as much since the request was sent, which no stream has got, that it may be headers which Node has refused
 */
export function failureOf(
  stream: Pick<ClientHttp2Stream, 'id' | 'rstCode'>,
  session: PooledSession,
  thrown: Error | undefined,
  hasResponse: boolean,
  mayBeTooMuch: boolean,
): Failure {
  const { rstCode, id } = stream;
  if (!hasResponse && (session.hasSkipped(id) || (rstCode === REFUSED_STREAM && !session.isGone))) {
    return { ending: 'refused', error: closed('the upstream has not processed the request', thrown) };
  }
  if (session.isGone) return { ending: 'lost', error: lossOf(session, hasResponse) };
  if (rstCode === ENHANCE_YOUR_CALM && !hasResponse && mayBeTooMuch) {
    return {
      ending: 'reset',
      error: coded(new Error('more headers than limits.maxHeaderBytes'), 'HPE_HEADER_OVERFLOW'),
    };
  }
  if (hasResponse && rstCode === NO_ERROR) return { ending: 'reset', error: closed('aborted', thrown) };
  if (CLOSED.has(rstCode)) {
    return { ending: 'reset', error: closed(`the upstream has reset the stream (code ${rstCode})`, thrown) };
  }
  return {
    ending: 'reset',
    error: thrown ?? coded(new Error(`HTTP/2 stream error ${rstCode}`), 'ERR_HTTP2_STREAM_ERROR'),
  };
}

/** A session that ends by an error of the protocol is not the same as one whose peer has gone. */
function lossOf({ error }: PooledSession, hasResponse: boolean): Error {
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  if (error && code !== 'ECONNRESET') return error;
  return closed(hasResponse ? 'aborted' : 'socket hang up', error);
}

function closed(message: string, cause: Error | undefined): Error {
  return coded(new Error(message, cause && { cause }), 'ECONNRESET');
}
