import { EmbeddedUpstream } from '../../src/upstreams/pages/embedded-upstream.js';
import { type RunningProcess, startProcess } from './process.js';
import { type RoundRobinProxy, startRoundRobinProxy } from './round-robin-proxy.js';
import { startSteadyLoad, type SteadyLoad } from './steady-load.js';

const REPLICAS = 2;
const CLIENTS = 24;

export interface Instance extends RunningProcess {
  readonly url: string;
}

export interface Deployment extends AsyncDisposable {
  readonly proxy: RoundRobinProxy;
  readonly load: SteadyLoad;
  /** Those it began with. */
  readonly instances: readonly Instance[];
  /** Starts another instance, which gets requests once it listens. */
  add(): Promise<Instance>;
}

/**
 * Two instances of the example behind a proxy, under steady load: each request makes an instance call an upstream that takes
 * 100 to 300 ms to answer.
 * @param before code for each instance to run before the app's own
 */
export async function startDeployment(before?: string): Promise<Deployment> {
  const upstream = new EmbeddedUpstream(0);
  await upstream.onModuleInit();
  const proxy = await startRoundRobinProxy();
  const started: RunningProcess[] = [];
  const add = async () => {
    const running = startProcess({ before });
    started.push(running);
    const url = await running.listening();
    proxy.add(url);
    return { ...running, url };
  };
  const instances = await Promise.all(Array.from({ length: REPLICAS }, add));
  const load = startSteadyLoad(CLIENTS, (ordinal) => {
    const ms = 100 + ((ordinal * 67) % 200);
    return {
      url: `${proxy.url}/call-external?url=${upstream.url}/slow?ms=${ms}`,
      expected: JSON.stringify({ result: { tookMs: ms }, status: 200 }),
    };
  });
  await proxy.answers(CLIENTS);
  return {
    proxy,
    load,
    instances,
    add,
    async [Symbol.asyncDispose]() {
      await load.stop();
      for (const { child } of started) child.kill('SIGKILL');
      await Promise.all(started.map(({ exited }) => exited));
      await proxy[Symbol.asyncDispose]();
      upstream.onApplicationShutdown();
    },
  };
}
