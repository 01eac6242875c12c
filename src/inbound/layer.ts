import type { AxiosResponse } from 'axios';
import { type Call, deriveCall, type Layer } from '../call/call.js';
import { withAddedHeaders } from '../call/headers.js';
import { releasedAfterBody } from '../call/outcome.js';
import { currentScope, type InboundScope } from './context.js';

export interface InboundContextSettings {
  /** Which origins are told of the inbound request. */
  readonly forwardTo: ReadonlySet<string>;
}

/**
 * Has a call know of the inbound request that it is made for: it ends, its body included, when the inbound client hangs up
 * or the inbound deadline passes, unless the request has been answered by then; and origins that may know get the forwarded
 * headers, unless the call sets them itself.
 * @throws InboundAbortedError, DeadlineExceededError; at once where it has happened already
 */
export function inboundContext({ forwardTo }: InboundContextSettings): Layer {
  const forwards = forwardTo.size > 0;
  return (next) => {
    async function within(scope: InboundScope, call: Call): Promise<AxiosResponse> {
      scope.enter(call);
      return releasedAfterBody(
        () => next(informed(scope, call)),
        () => scope.leave(call),
      );
    }

    function informed(scope: InboundScope, call: Call): Call {
      const config =
        forwards && forwardTo.has(call.origin) ? withAddedHeaders(call.config, scope.headers) : call.config;
      const deadline = Math.min(call.deadline, scope.deadline);
      return config === call.config && deadline === call.deadline ? call : deriveCall(call, { config, deadline });
    }

    return (call) => {
      const scope = currentScope();
      if (scope === undefined) return next(call);
      return scope.isOver ? next(informed(scope, call)) : within(scope, call);
    };
  };
}
