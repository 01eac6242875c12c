import type { IncomingMessage, ServerResponse } from 'node:http';

/** What a page takes over a fast network, so that concurrency shows. */
const PAGE_MS = 30;
const MAX_SLOW_MS = 60_000;

const DESTINATIONS = ['Lisbon', 'Amsterdam', 'Kyoto', 'Valparaíso', 'Reykjavík', 'Dakar', 'Hanoi', 'Tbilisi'];

/** `/pages/:n`, `/slow?ms=`, `/hang`, `/status/:code`. */
export function answer(request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://upstream');
  const [, route, argument] = pathname.split('/');
  const number = Number(argument);
  if (route === 'hang') return;
  if (route === 'pages' && Number.isInteger(number) && number > 0) {
    const page = { page: number, destination: DESTINATIONS[number % DESTINATIONS.length] };
    setTimeout(() => send(response, 200, page), PAGE_MS);
  } else if (route === 'slow') {
    const ms = Math.min(Number(searchParams.get('ms') ?? 1_000) || 0, MAX_SLOW_MS);
    setTimeout(() => send(response, 200, { tookMs: ms }), ms);
  } else if (route === 'status' && number >= 200 && number <= 599) {
    send(response, number, { status: number });
  } else {
    send(response, 404, { error: 'no such page' });
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
