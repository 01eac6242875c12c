/** What outbound calls take over from the inbound request that they are made for. */
export interface InboundOptions {
  /**
   * The header that says how long the inbound request may take, in milliseconds from its arrival. Outbound calls are over by
   * then, and origins in `forward.to` are told what is left.
   * @default 'x-request-timeout-ms'; `false`: none
   */
  deadlineHeader?: string | false;
  /**
   * What upstreams are told.
   * @default nothing
   */
  forward?: {
    /** @default ['x-request-id', 'traceparent', 'tracestate', 'baggage', 'accept-language'] */
    headers?: readonly string[];
    /** Origins, as `https://api.example.com`: your own services. No other gets any of it. */
    to: readonly string[];
  };
}

/** With nothing left to default. Names are in lower case. */
export interface InboundSettings {
  readonly deadlineHeader: string | false;
  readonly forwardHeaders: readonly string[];
  readonly forwardTo: ReadonlySet<string>;
}

const FORWARDED = ['x-request-id', 'traceparent', 'tracestate', 'baggage', 'accept-language'];

export function resolveInbound(given: boolean | InboundOptions | undefined): InboundSettings | false {
  if (!given) return false;
  const { deadlineHeader = 'x-request-timeout-ms', forward = { to: [] } } = given === true ? {} : given;
  const { headers = FORWARDED, to } = forward;
  return Object.freeze({
    deadlineHeader: deadlineHeader && deadlineHeader.toLowerCase(),
    forwardHeaders: Object.freeze(headers.map((name) => name.toLowerCase())),
    forwardTo: new Set(to),
  });
}
