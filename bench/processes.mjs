import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const WORKER_LIMIT_MS = 120_000;
const ca = fileURLToPath(new URL('../test/support/tls/ca.pem', import.meta.url));

/** Without proxies, and without what may have been meant for this process. */
function environment(extra) {
  const kept = Object.entries(process.env).filter(([name]) => !/_proxy$|^NODE_/i.test(name));
  return { ...Object.fromEntries(kept), ...extra };
}

function start(file, env) {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), [], {
    env: environment(env),
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (errors += text));
  child.errors = () => errors.trim();
  return child;
}

/** The child's next message. Fails if it ends before. */
async function nextMessage(child) {
  const stop = new AbortController();
  try {
    const ended = once(child, 'close', { signal: stop.signal }).then(([code, signal]) => {
      throw new Error(`ended with ${signal ?? code}\n${child.errors()}`);
    });
    const message = once(child, 'message', { signal: stop.signal }).then(([value]) => value);
    return await Promise.race([message, ended]);
  } finally {
    stop.abort();
  }
}

/**
 * Starts the server that is called.
 * @param {{ sleeps: boolean }} options whether it sleeps while no request is there
 */
export async function startUpstream({ sleeps }) {
  const child = start('./upstream.mjs', sleeps ? { UPSTREAM_SLEEPS: '1' } : {});
  const origins = await nextMessage(child);
  return {
    origins,
    /** @returns {Promise<{ sockets: number, handshakes: number, cpu: number }>} what it has seen so far, and its CPU time in microseconds */
    async look() {
      child.send('look');
      return nextMessage(child);
    },
    stop: () => child.disconnect(),
  };
}

/**
 * Starts a relay in front of a server, in a process of its own, that adds a round trip.
 * @param {string} origin of the server
 * @param {number} roundTripMs
 */
export async function startRelay(origin, roundTripMs) {
  const { port, protocol } = new URL(origin);
  const child = start('./relay.mjs', { RELAY_TO: port, ROUND_TRIP_MS: String(roundTripMs) });
  const relayPort = await nextMessage(child);
  return { origin: `${protocol}//127.0.0.1:${relayPort}`, stop: () => child.disconnect() };
}

/** Starts a worker that trusts the test CA. It is told to go on by `send`, and answers each time with one message. */
export function startTrusting(file) {
  const child = start(file, { NODE_EXTRA_CA_CERTS: ca });
  return {
    ask(message) {
      child.send(message);
      return nextMessage(child);
    },
    stop: () => child.kill(),
  };
}

/** Runs one contender in one scenario. */
export async function runWorker(upstream, job) {
  const child = start('./worker.mjs', job.origin.startsWith('https:') ? { NODE_EXTRA_CA_CERTS: ca } : {});
  const limit = setTimeout(() => child.kill('SIGKILL'), WORKER_LIMIT_MS);
  try {
    const atStart = await upstream.look();
    child.send(job);
    await nextMessage(child);
    const warm = await upstream.look();
    child.send('measure');
    const { result } = await nextMessage(child);
    const atEnd = await upstream.look();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
    return {
      ...result,
      sockets: atEnd.sockets - atStart.sockets,
      socketsWhileMeasured: atEnd.sockets - warm.sockets,
    };
  } catch (error) {
    throw new Error(`${job.contender} in ${job.scenario}: ${error.message}`, { cause: error });
  } finally {
    clearTimeout(limit);
    child.kill();
  }
}
