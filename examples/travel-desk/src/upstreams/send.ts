import type { ServerResponse } from 'node:http';

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

/** A timer whose caller has gone would keep the process alive. */
export function sendAfter(ms: number, response: ServerResponse, reply: Reply): void {
  const timer = setTimeout(() => send(response, reply), ms);
  response.once('close', () => clearTimeout(timer));
}

export function send(response: ServerResponse, { status, type = 'application/json', headers, body }: Reply): void {
  response.writeHead(status, { ...headers, 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body);
}
