// Who calls: many calls at once, through one client for all of them or through one for each.
import axios from 'axios';
import { createTransport } from 'nest-outbound';
import { Agent } from 'node:https';
import { createSecureContext } from 'node:tls';
import { answerParent, cpuUs } from './parent.js';

/** Far longer than a call takes; what hangs ends the comparison. */
const TIMEOUT_MS = 20_000;
/** Longer than a burst of the other way takes: the pool stays warm, as that of an app with steady traffic does. */
const IDLE_MS = 60_000;

/** @type {import('axios').AxiosInstance} */
let shared;
/** @type {import('node:tls').SecureContext} */
let secureContext;

/** The call of each way. @type {Readonly<Record<string, (url: string) => Promise<unknown>>>} */
const CALLS = {
  shared: (url) => shared.get(url, { timeout: TIMEOUT_MS }),
  perCall: (url) => axios.create({ httpsAgent: new Agent({ secureContext }) }).get(url, { timeout: TIMEOUT_MS }),
};

answerParent({
  /**
   * @param {{ cert: string, calls: number }} request the certificate to trust, and how many calls there are at once
   */
  prepare({ cert, calls }) {
    const pool = { maxSockets: calls, idleMs: IDLE_MS };
    shared = axios.create({ adapter: createTransport({ tls: { ca: cert }, pool }) });
    secureContext = createSecureContext({ ca: cert }); // once for all: to read certificates is no part of what is compared
  },

  /**
   * Calls at once.
   * @param {{ way: string, url: string, calls: number }} request
   * @returns {Promise<number[]>} how long each took, in milliseconds
   */
  burst({ way, url, calls }) {
    const call = /** @type {(url: string) => Promise<unknown>} */ (CALLS[way]);
    const timed = async () => {
      const startedAt = performance.now();
      await call(url);
      return performance.now() - startedAt;
    };
    return Promise.all(Array.from({ length: calls }, timed));
  },

  look: () => ({ cpuUs: cpuUs() }),
});
