import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

type Message = { readonly answer: unknown } | { readonly error: string };

/**
 * A process of the comparison. It ends when it is disposed of, when the signal aborts, and, whatever happens to this process, when the channel
 * between the two closes.
 */
export class Child implements Disposable {
  readonly #process: ChildProcess;
  readonly #ended: Promise<never>;

  /** @param name of a file in `processes` */
  constructor(name: string, signal: AbortSignal) {
    const file = fileURLToPath(new URL(`processes/${name}.js`, import.meta.url));
    this.#process = fork(file, { execArgv: [], signal, killSignal: 'SIGKILL' });
    this.#ended = new Promise((_resolve, reject) => {
      this.#process.once('error', reject); // an AbortError, too
      this.#process.once('exit', (code, by) => reject(new Error(`${name} has ended: ${by ?? code}`)));
    });
    this.#ended.catch(() => {}); // it is an error only for who waits for an answer
  }

  /** Asks for one thing at a time. */
  async ask(request: { readonly ask: string } & Readonly<Record<string, unknown>>): Promise<unknown> {
    const answered = once(this.#process, 'message') as Promise<[Message]>;
    this.#process.send(request, () => {}); // what cannot be sent: the process has ended
    const [message] = await Promise.race([answered, this.#ended]);
    if ('error' in message) throw new Error(message.error);
    return message.answer;
  }

  [Symbol.dispose](): void {
    this.#process.kill('SIGKILL');
  }
}
