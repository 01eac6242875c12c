import type { IncomingHttpHeaders } from 'node:http';
import type { WireRequest } from './wire.js';

/** A request as an upstream would have got it. */
export interface ReceivedRequest<Body = unknown> {
  /** The name of the client that made it; `default` is that of `forRoot`. */
  readonly client: string;
  /** Upper case. */
  readonly method: string;
  /** Absolute, its query included. */
  readonly url: string;
  /** Its path, percent-encoded as it was sent, without the query. */
  readonly path: string;
  /** Its parameters, decoded. */
  readonly query: URLSearchParams;
  /** By names in lower case. */
  readonly headers: Readonly<IncomingHttpHeaders>;
  /** JSON parsed, a urlencoded form as an object, any other as text; undefined where there is none. */
  readonly body: Body;
  /** What was sent. */
  readonly rawBody: Buffer;
  /** 1 for the first attempt of the call. */
  readonly attempt: number;
}

export function receivedRequest({ connection, message, body }: WireRequest): ReceivedRequest {
  const { call, origin } = connection;
  const url = new URL(message.url!.startsWith('/') ? origin + message.url! : message.url!);
  return {
    client: call.clientName,
    method: message.method!,
    url: url.href,
    path: url.pathname,
    query: url.searchParams,
    headers: message.headers,
    body: parsedBody(body, message.headers['content-type']),
    rawBody: body,
    attempt: call.attempt,
  };
}

function parsedBody(bytes: Buffer, contentType = ''): unknown {
  if (bytes.length === 0) return undefined;
  const text = bytes.toString();
  const [type = ''] = contentType.toLowerCase().split(';', 1);
  if (/^application\/(?:json|[\w.-]+\+json)\s*$/.test(type)) {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }
  return type.trim() === 'application/x-www-form-urlencoded' ? formFields(text) : text;
}

function formFields(text: string): Record<string, string | string[]> {
  const params = new URLSearchParams(text);
  const fields: Record<string, string | string[]> = {};
  for (const name of new Set(params.keys())) {
    const values = params.getAll(name);
    fields[name] = values.length > 1 ? values : values[0]!;
  }
  return fields;
}
