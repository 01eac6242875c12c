import type { IncomingMessage, ServerResponse } from 'node:http';

export interface Reply {
  readonly status: number;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

export const json = (status: number, body: unknown, headers: Reply['headers'] = {}): Reply => ({
  status,
  headers,
  body: JSON.stringify(body),
});

/** 304 in place of a reply that whoever asks has already, by its ETag; undefined: it has none, or another. */
export function notModified({ headers }: Reply, request: IncomingMessage): Reply | undefined {
  const etag = headers?.['etag'];
  const known = request.headers['if-none-match']?.split(',').map((one) => one.trim());
  return etag !== undefined && known?.includes(etag) ? { status: 304, headers: headers!, body: '' } : undefined;
}

/** A timer whose caller has gone would keep the process alive. */
export function sendAfter(ms: number, response: ServerResponse, reply: Reply): void {
  const timer = setTimeout(() => send(response, reply), ms);
  response.once('close', () => clearTimeout(timer));
}

export function send(response: ServerResponse, { status, type = 'application/json', headers, body }: Reply): void {
  const ofBody = status === 304 ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(body) };
  response.writeHead(status, { ...headers, ...ofBody }).end(body);
}
