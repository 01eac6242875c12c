import { Agent, get } from 'node:http';
import { text } from 'node:stream/consumers';

export interface SteadyLoad {
  /** How many requests were answered as they should be. */
  readonly answered: number;
  /** What the others got instead. */
  readonly failures: readonly string[];
  /** The first failure, had or to come. */
  readonly firstFailure: Promise<string>;
  /** Sends no more. Resolves when the last request is over. */
  stop(): Promise<void>;
}

export interface LoadRequest {
  readonly url: string;
  /** The body that it is answered with, to the byte. */
  readonly expected: string;
}

/** Clients that send one request after the other, each over its keep-alive connection, until they are stopped. */
export function startSteadyLoad(clients: number, requestOf: (ordinal: number) => LoadRequest): SteadyLoad {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const failures: string[] = [];
  let failed!: (failure: string) => void;
  const firstFailure = new Promise<string>((resolve) => {
    failed = resolve;
  });
  let sent = 0;
  let answered = 0;
  const stopping = new AbortController();

  const send = async () => {
    const { url, expected } = requestOf(sent++);
    const answer = await answerOf(url, agent);
    if (answer === `200 ${expected}`) {
      answered++;
    } else {
      failures.push(answer);
      failed(answer);
    }
  };
  const client = async () => {
    while (!stopping.signal.aborted) await send();
  };
  const over = Promise.all(Array.from({ length: clients }, client));

  return {
    get answered() {
      return answered;
    },
    failures,
    firstFailure,
    async stop() {
      stopping.abort();
      await over;
      agent.destroy();
    },
  };
}

/** Status and body, or what went wrong. */
function answerOf(url: string, agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    get(url, { agent }, (response) => {
      text(response).then(
        (body) => resolve(`${response.statusCode} ${body}`),
        (error) => resolve(String(error)),
      );
    }).on('error', (error) => resolve(String(error)));
  });
}
