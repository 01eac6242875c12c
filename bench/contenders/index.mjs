/** In the order of the tables. An id is the name of a file. */
export const CONTENDERS = [
  { id: 'nest-outbound-http-service', name: 'nest-outbound HttpService' },
  { id: 'nest-outbound-axios', name: 'nest-outbound axios' },
  { id: 'nest-outbound-undici-http-service', name: "nest-outbound HttpService, engine: 'undici'" },
  { id: 'nest-outbound-undici', name: "nest-outbound axios, engine: 'undici'" },
  { id: 'nest-outbound-http2', name: 'nest-outbound axios, http2: true' },
  { id: 'nest-outbound-standard', name: "nest-outbound axios, resilience: 'standard'" },
  { id: 'nest-outbound-telemetry', name: 'nest-outbound axios, OpenTelemetry on' },
  { id: 'nest-outbound-transport', name: 'nest-outbound transport under plain axios.create' },
  { id: 'nestjs-axios-http-service', name: '@nestjs/axios HttpService' },
  { id: 'axios-agentkeepalive', name: 'axios + agentkeepalive' },
  { id: 'axios-fresh-client', name: 'axios, a fresh client and agent per request' },
  { id: 'node-fetch', name: 'node fetch' },
  { id: 'undici-pool', name: 'undici Pool.request + JSON.parse' },
  { id: 'undici-request', name: 'undici request' },
  { id: 'undici-request-http2', name: 'undici request, allowH2' },
  { id: 'undici-fetch', name: 'undici fetch' },
  { id: 'got', name: 'got' },
  { id: 'got-http2', name: 'got, http2' },
  { id: 'ky', name: 'ky' },
  { id: 'raw-http', name: 'raw http.request(options) + agentkeepalive + JSON.parse' },
  { id: 'raw-http-url', name: 'raw http.request(url) + agentkeepalive + JSON.parse' },
];

/** Those that the others are compared with. */
export const REFERENCES = ['axios-agentkeepalive', 'nestjs-axios-http-service', 'raw-http', 'undici-pool'];

/**
 * @typedef {object} Target
 * @property {string} url
 * @property {'GET' | 'POST'} method
 * @property {object} [body] to send as JSON
 * @property {'json' | 'stream'} kind
 * @property {string} [acceptEncoding] for those who do not ask for it by themselves
 * @property {number} maxSockets the cap on sockets, the same for every contender that takes one
 */

/**
 * @typedef {object} Client
 * @property {() => Promise<unknown>} request sends one request; resolves with the parsed answer, or its number of bytes
 * @property {() => unknown} close
 */

/**
 * @param {string} id
 * @returns {Promise<{ create: (target: Target) => Promise<Client> }>}
 */
export function loadContender(id) {
  return import(`./${id}.mjs`);
}
