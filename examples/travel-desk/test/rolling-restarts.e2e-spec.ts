import { hold, startUpstream, text } from 'nest-outbound/testing';
import { expect, it } from 'vitest';
import { type Deployment, type Instance, startDeployment } from './support/deployment.js';

/**
 * How long preStop takes, in answers of the proxy, so that a slow machine changes nothing: longer than it takes for the proxy to learn
 * that an instance is leaving, and short enough for requests to be under way when SIGTERM comes.
 */
const PRE_STOP_ANSWERS = 4;

/**
 * Takes an instance down as Kubernetes does, which does two things at once: the control plane tells the proxy, which takes a
 * while, and the kubelet runs preStop, then sends SIGTERM.
 */
async function takeDown({ proxy }: Deployment, { url, child, exited }: Instance, noticeAnswers: number) {
  const noticed = proxy.answers(noticeAnswers).then(() => void proxy.remove(url));
  const terminated = proxy.answers(PRE_STOP_ANSWERS).then(() => child.kill('SIGTERM'));
  await Promise.all([noticed, terminated]);
  return exited;
}

async function expectToFailNothing(restarts: number): Promise<void> {
  await using deployment = await startDeployment();
  const { load } = deployment;
  let running = deployment.instances;
  const inFlight: number[] = [];
  for (let restart = 0; restart < restarts; restart++) {
    const fresh: Instance[] = [];
    const gone: Promise<number>[] = [];
    for (const [ordinal, old] of running.entries()) {
      fresh.push(await deployment.add()); // maxSurge: 1, maxUnavailable: 0, while the one before may still be draining
      const drained = expectToDrain(old, takeDown(deployment, old, (2 * restart + ordinal) % PRE_STOP_ANSWERS));
      drained.catch(() => {}); // until it is waited for
      gone.push(drained);
    }
    inFlight.push(...(await Promise.all(gone)));
    expect(load.failures).toEqual([]);
    running = fresh;
  }
  await load.stop();
  expect(load.failures).toEqual([]);
  expect(load.answered).toBeGreaterThan(restarts * 2 * PRE_STOP_ANSWERS);
  // Else nothing was put to the test. An instance that the proxy has left in time may have none.
  expect(inFlight.filter((calls) => calls > 0).length).toBeGreaterThan(restarts);
}

// Forty boots under load: as fast as the machine.
it('20 rolling restarts of two instances under load fail no request', { tags: 'slow', timeout: 900_000 }, () =>
  expectToFailNothing(20),
);

/** @returns how many calls were in flight when it began to drain */
async function expectToDrain({ errors, poolLine }: Instance, exited: Instance['exited']): Promise<number> {
  expect(await exited).toEqual([0, null]);
  expect(await poolLine('draining → closed')).toContain(', aborted: 0;');
  expect(errors).toEqual([]);
  return Number(/calls in flight: (\d+)/.exec(await poolLine('open → draining'))![1]);
}

it('an instance that gets SIGTERM before the proxy knows answers what reaches it while it drains', async () => {
  await using upstream = await startUpstream();
  const held = hold(text('done'));
  upstream.on('/', held);
  await using deployment = await startDeployment();
  const { proxy, load, instances } = deployment;
  const { url, child, exited, poolLine } = instances[0]!;
  const answer = fetch(`${url}/call-external?url=${upstream.url}`);
  await held.arrived();

  child.kill('SIGTERM');
  await poolLine('open → draining');
  await proxy.answers(PRE_STOP_ANSWERS);
  await proxy.remove(url);
  held.release();

  expect(await (await answer).json()).toEqual({ result: 'done', status: 200 });
  expect(await exited).toEqual([0, null]);
  expect(await poolLine('draining → closed')).toMatch(/\([1-9]\d* admitted while draining\), aborted: 0;/);
  await load.stop();
  expect(load.failures).toEqual([]);
});

it('requests fail where an app ends at SIGTERM instead of draining', { tags: 'slow' }, async () => {
  await using deployment = await startDeployment('process.once("SIGTERM", () => process.exit(0))');
  await takeDown(deployment, deployment.instances[0]!, 0);
  expect(await deployment.load.firstFailure).toContain('502');
});

it('requests fail where an instance is gone before the proxy knows, as without preStop', { tags: 'slow' }, async () => {
  await using deployment = await startDeployment();
  const [old] = deployment.instances;
  old!.child.kill('SIGTERM');
  expect(await old!.exited).toEqual([0, null]);
  expect(await deployment.load.firstFailure).toContain('502');
});
