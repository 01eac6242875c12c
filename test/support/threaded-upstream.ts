import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const ANSWERED = 0;
const MAY_GO_ON = 1;
/** Without a bound, a test that is wrong would never end. */
const GIVE_UP_MS = 5_000;

/** In plain JavaScript: a worker knows nothing of the transforms of the test runner. */
const SERVER = `
const { parentPort, workerData: flags } = require('node:worker_threads');
const answered = () => Atomics.add(flags, ${ANSWERED}, 1);
const server = require('node:http').createServer((request, response) => {
  if (request.url === '/never') return;
  if (request.url === '/') return response.end('in time', answered);
  response.write('one ', () => {
    if (request.url === '/half') return;
    Atomics.wait(flags, ${MAY_GO_ON}, 0);
    response.end('two', answered);
  });
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

/** A real HTTP server in a thread of its own, which goes on while this one is blocked. */
export interface ThreadedUpstream extends AsyncDisposable {
  /**
   * Answers `/` at once, `/never` never. Of `/parts` it sends the second part when this thread is blocked; of `/half` never.
   */
  readonly url: string;
  /**
   * Blocks this thread for so long, and until so many answers are on their way.
   * @param answers of all since the start
   */
  block(ms: number, answers: number): void;
}

export async function startThreadedUpstream(): Promise<ThreadedUpstream> {
  const flags = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(SERVER, { eval: true, workerData: flags });
  const [port] = (await once(worker, 'message')) as [number];
  const goOn = () => {
    Atomics.store(flags, MAY_GO_ON, 1);
    Atomics.notify(flags, MAY_GO_ON);
  };
  return {
    url: `http://127.0.0.1:${port}`,
    block(ms, answers) {
      const end = performance.now() + ms;
      goOn();
      while (performance.now() < end || Atomics.load(flags, ANSWERED) < answers) {
        if (performance.now() > end + GIVE_UP_MS) throw new Error('there is no answer');
      }
    },
    async [Symbol.asyncDispose]() {
      goOn();
      await worker.terminate();
    },
  };
}
