import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  /** Everything the app printed. */
  readonly output: string;
}

/** An app of test/apps in a process of its own. */
export class AppProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #messages: unknown[] = [];
  readonly #exit: Promise<Exit>;
  #url = '';

  private constructor(name: string, env: Record<string, string>, preload: string | undefined) {
    this.#child = fork(new URL(urlOf(name)), {
      env: { ...process.env, ...env },
      execArgv: preload === undefined ? [] : ['--import', urlOf(preload)],
      silent: true,
    });
    this.#child.on('message', (message) => this.#messages.push(message));
    let output = '';
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) stream.on('data', (chunk) => (output += chunk));
    this.#exit = once(this.#child, 'close').then(([code, signal]) => ({ code, signal, output }));
  }

  /** @param preload another of test/apps, that is loaded before it */
  static async start(name: string, env: Record<string, string>, preload?: string): Promise<AppProcess> {
    const app = new AppProcess(name, env, preload);
    const { port } = await app.message(
      (message): message is { port: number } => typeof message === 'object' && message !== null && 'port' in message,
    );
    app.#url = `http://127.0.0.1:${port}`;
    return app;
  }

  /** Resolves with the first message, past or to come, that matches; rejects when the process ends before it. */
  async message<T>(matches: (message: unknown) => message is T): Promise<T> {
    const ended = this.#exit.then(({ output }) => {
      throw new Error(`The app ended without saying what was expected. It printed:\n${output}`);
    });
    ended.catch(() => {}); // of no interest once the message is there
    for (;;) {
      const found = this.#messages.find(matches);
      if (found !== undefined) return found;
      await Promise.race([once(this.#child, 'message'), ended]);
    }
  }

  /** Resolves when the app has sent this very message. */
  async says(expected: string): Promise<void> {
    await this.message((message): message is string => message === expected);
  }

  tell(message: string): void {
    this.#child.send(message);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  exit(): Promise<Exit> {
    return this.#exit;
  }

  /** An inbound request on a connection of its own, so that no keep-alive of the caller's delays the app's end. */
  async get(path: string): Promise<{ status: number; body: string }> {
    const request = get(this.#url + path, { agent: false });
    const [response] = await once(request, 'response');
    let body = '';
    for await (const chunk of response) body += chunk;
    return { status: response.statusCode, body };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exit;
  }
}

const urlOf = (name: string): string => new URL(`../apps/dist/${name}.js`, import.meta.url).href;
