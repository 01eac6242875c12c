import http from 'node:http';
import https from 'node:https';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { createAgents, destroyAgents } from './agents.mjs';
import { drain } from './drain.mjs';

/**
 * A client straight on node:http: no options, no interceptors, no time limits, no redirects.
 * @param {(url: URL, settings: object) => unknown[]} toArguments what `http.request` is called with
 */
export function rawClient(target, toArguments) {
  const { url, method, body, kind, acceptEncoding } = target;
  const agents = createAgents(target);
  const [{ request: send }, agent] = url.startsWith('https:') ? [https, agents.https] : [http, agents.http];
  const address = new URL(url);
  const read = kind === 'stream' ? drain : readJson;

  const request = () =>
    new Promise((resolve, reject) => {
      const payload = body && JSON.stringify(body);
      const headers = { accept: 'application/json' };
      if (acceptEncoding) headers['accept-encoding'] = acceptEncoding;
      if (payload) {
        headers['content-type'] = 'application/json';
        headers['content-length'] = Buffer.byteLength(payload);
      }
      const outgoing = send(...toArguments(address, { agent, method, headers }), (response) => {
        if (response.statusCode === 200) resolve(read(decoded(response)));
        else reject(new Error(`HTTP ${response.statusCode}`));
      });
      outgoing.on('error', reject);
      outgoing.end(payload);
    });
  return { request, close: () => destroyAgents(agents) };
}

function decoded(response) {
  return response.headers['content-encoding'] === 'gzip' ? pipeline(response, createGunzip(), () => {}) : response;
}

function readJson(readable) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    readable.on('data', (chunk) => chunks.push(chunk));
    readable.on('error', reject);
    readable.on('end', () => {
      try {
        resolve(JSON.parse(Buffer.concat(chunks).toString()));
      } catch (error) {
        reject(error);
      }
    });
  });
}
