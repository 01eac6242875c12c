import { AxiosError, AxiosHeaders, type AxiosResponse } from 'axios';
import type { Call, Handler } from '../../src/call/call.js';

/** A request that a scripted handler has got, and what becomes of it. */
export interface ScriptedRequest {
  readonly call: Call;
  /** What it was cancelled with. */
  readonly cancelledWith: unknown;
  /** Resolves with a response, whatever its status. */
  answer(response?: Partial<AxiosResponse>): void;
  /** Fails as axios does where `validateStatus` refuses the status. */
  refuse(status: number, data?: unknown): void;
  fail(error: unknown): void;
}

/**
 * A handler whose requests end as the test says. A cancelled one fails with the reason, as the contract has it, unless it is told
 * to ignore that.
 */
export function scriptedHandler({ ignoresCancellation = false } = {}) {
  const requests: ScriptedRequest[] = [];
  const handler: Handler = (call) =>
    new Promise((resolve, reject) => {
      let cancelledWith: unknown;
      const cancel = (reason: unknown) => {
        cancelledWith = reason;
        if (!ignoresCancellation) fail(reason);
      };
      const fail = (error: unknown) => {
        call.cancellation.unsubscribe(cancel);
        reject(error);
      };
      const responseWith = (response: Partial<AxiosResponse>) => ({
        status: 200,
        statusText: 'OK',
        headers: new AxiosHeaders(),
        data: '',
        config: call.config,
        ...response,
      });
      call.cancellation.subscribe(cancel);
      requests.push({
        call,
        get cancelledWith() {
          return cancelledWith;
        },
        answer(response = {}) {
          call.cancellation.unsubscribe(cancel);
          resolve(responseWith(response));
        },
        refuse(status, data) {
          const code = status < 500 ? AxiosError.ERR_BAD_REQUEST : AxiosError.ERR_BAD_RESPONSE;
          fail(new AxiosError(`status ${status}`, code, call.config, undefined, responseWith({ status, data })));
        },
        fail,
      });
    });
  return { handler, requests };
}
