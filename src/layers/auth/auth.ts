import type { AxiosResponse } from 'axios';
import type { Clock } from '../../base/clock.js';
import { isReplayableBody } from '../../base/http-rules.js';
import { timeLimit } from '../../base/time-limit.js';
import { type Call, deriveCall, type Handler, type Layer } from '../../call/call.js';
import { watching } from '../../call/compose.js';
import { headerOf, withReplacedHeaders } from '../../call/headers.js';
import { discard, responseIn, responseOf, responseOrThrow, type Settled, settledOf } from '../../call/outcome.js';
import { whileWaiting } from '../../call/waiting.js';
import { CredentialsError } from '../../errors/credentials.error.js';
import type { Attempt } from '../../errors/http-client.error.js';
import type { Credentials, Proof } from './credentials.js';

const UNAUTHORIZED = 401;

export interface AuthContext {
  readonly clock: Clock;
  /** Ends waiting. */
  readonly closing: AbortSignal;
}

/**
 * Sends a client's credentials with each attempt, to one origin and nowhere else. A call that brings its own is left as it is.
 *
 * An attempt that the upstream answers with 401 is made once more with other credentials, if there are any and its body can be sent again;
 * what that is answered with is the answer.
 * @param origin of the client's base URL
 * @throws CredentialsError where there are none; what ends the call while it waits for them
 */
export function auth(credentials: Credentials, origin: string, context: AuthContext): Layer {
  const { fixed, header, source } = credentials;
  const ofAll = fixed && new Shown(fixed);

  const replayed = async (first: Settled, call: Call, proof: Proof, next: Handler): Promise<AxiosResponse> => {
    if (!isReplayableBody(call.config.data)) return responseOrThrow(first);
    const wanted = credentials.proofAfter!(call, proof);
    const other = wanted && (await inTime(wanted, call, source, context));
    if (!other || other.value === proof.value) return responseOrThrow(first);
    discard(responseIn(first));
    const second = await settledOf(next(proven(call, other)));
    if (responseIn(second)?.status === UNAUTHORIZED) credentials.refusedAfresh?.(other);
    noteReplay(second, call);
    return responseOrThrow(second);
  };

  return watching<Shown>({
    begin(call) {
      if (call.origin !== origin || isSet(call, header)) return undefined;
      return ofAll ?? new Shown(credentials.proofFor(call));
    },
    derive: (call, { proof }) => (proof ? proven(call, proof) : call),
    // Those that are at hand need no promise.
    carry(call, shown, next) {
      if (shown.proof) return undefined;
      return inTime(shown.wanted!, call, source, context).then((proof) => {
        shown.proof = proof;
        return next(proven(call, proof));
      });
    },
    again(call, { proof }, response, failure, next) {
      if (!credentials.proofAfter || !proof) return undefined;
      const answer = failure ? responseOf(failure.error) : response;
      if (answer?.status !== UNAUTHORIZED) return undefined;
      return replayed(failure ?? { response: answer }, call, proof, next);
    },
    end: () => {},
  });
}

/** What one attempt shows, as soon as that is known. */
class Shown {
  proof: Proof | undefined;
  readonly wanted: Promise<Proof> | undefined;

  constructor(given: Proof | Promise<Proof>) {
    const isWanted = given instanceof Promise;
    this.proof = isWanted ? undefined : given;
    this.wanted = isWanted ? given : undefined;
  }
}

/** The call with what shows who makes it. */
const proven = (call: Call, { headers }: Proof): Call =>
  deriveCall(call, { config: withReplacedHeaders(call.config, headers, true) });

/** Whether a call says itself who makes it: null and false say that nobody does. */
function isSet({ config }: Call, header: string | undefined): boolean {
  return Boolean(config.auth) || (header !== undefined && headerOf(config.headers, header) !== undefined);
}

/** Has the answer, or the error, say that a request came before it. */
function noteReplay({ response, error }: Settled, { journal, attempt }: Call): void {
  const refused = { number: attempt, outcome: UNAUTHORIZED };
  (journal.answeredBefore ??= []).push(refused);
  const told = (response ?? error) as { attempts?: readonly Attempt[] } | undefined;
  const last = told?.attempts?.at(-1);
  if (last) Reflect.set(told!, 'attempts', [refused, { ...last, number: attempt + 1 }]);
}

/** As long as the call is under way, and no longer than one attempt of it may take. */
function inTime<Value>(
  wanted: Promise<Value>,
  call: Call,
  source: string,
  { clock, closing }: AuthContext,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const { timeout } = call.config;
    const giveUp = (reason: unknown) => {
      endLimit?.();
      reject(reason);
    };
    const endLimit = timeout
      ? timeLimit(clock, timeout, () => {
          stop();
          reject(CredentialsError.notInTime(call, source, timeout));
        })
      : undefined;
    const stop = whileWaiting(call, closing, giveUp);
    wanted.then(
      (value) => {
        stop();
        endLimit?.();
        resolve(value);
      },
      (error: unknown) => {
        stop();
        giveUp(error);
      },
    );
  });
}
