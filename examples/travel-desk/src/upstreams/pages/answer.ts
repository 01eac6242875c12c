import type { IncomingMessage, ServerResponse } from 'node:http';

/** What a page takes over a fast network, so that concurrency shows. */
const PAGE_MS = 30;
const MAX_SLOW_MS = 60_000;

const DESTINATIONS = ['Lisbon', 'Amsterdam', 'Kyoto', 'Valparaíso', 'Reykjavík', 'Dakar', 'Hanoi', 'Tbilisi'];

/** `/pages/:n`, `/slow?ms=`, `/hang`, `/status/:code`. */
export function answer(request: IncomingMessage, response: ServerResponse): void {
  const [path = '', query] = (request.url ?? '').split('?'); // new URL throws for paths that HTTP allows, as //
  const [, route, argument] = path.split('/');
  const number = Number(argument);
  if (route === 'hang') return;
  if (route === 'pages' && Number.isInteger(number) && number > 0) {
    sendAfter(PAGE_MS, response, { page: number, destination: DESTINATIONS[number % DESTINATIONS.length] });
  } else if (route === 'slow') {
    const ms = Math.min(Number(new URLSearchParams(query).get('ms') ?? 1_000) || 0, MAX_SLOW_MS);
    sendAfter(ms, response, { tookMs: ms });
  } else if (route === 'status' && number >= 200 && number <= 599) {
    send(response, number, { status: number });
  } else {
    send(response, 404, { error: 'no such page' });
  }
}

/** A timer whose caller has gone would keep the process alive. */
function sendAfter(ms: number, response: ServerResponse, body: object): void {
  const timer = setTimeout(() => send(response, 200, body), ms);
  response.once('close', () => clearTimeout(timer));
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
