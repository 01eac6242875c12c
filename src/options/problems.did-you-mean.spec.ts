import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { problemsOf } from '../../test/support/problems.js';
import { resolveModuleOptions, resolveNamedOptions, resolveTransportOptions } from './resolve-options.js';

const moduleProblems = (options: object) => problemsOf(() => resolveModuleOptions(options));

/** The names that an app may bring from `HttpModule.register` or axios, as axios's own types have them. */
function axiosNames(): string[] {
  const types = createRequire(import.meta.url)
    .resolve('axios/package.json')
    .replace('package.json', 'index.d.ts');
  const body = /interface AxiosRequestConfig<.*?\{(.*?)\n\}/s.exec(readFileSync(types, 'utf8'))![1]!;
  return [...body.matchAll(/^ {2}(\w+)\??:/gm)].map((match) => match[1]!);
}

describe('didYouMean', () => {
  it.each([
    ['timeout', 'timeouts.attemptMs'],
    ['maxRedirects', 'redirects.max'],
    ['maxContentLength', 'limits.maxResponseBytes'],
    ['maxBodyLength', 'axios.maxBodyLength'],
    ['validateStatus', 'axios.validateStatus'],
    ['baseUrl', 'baseURL'],
    ['baseurl', 'baseURL'],
    ['keepAliveMsecs', 'pool.idleMs'],
    ['maxSockets', 'pool.maxSockets'],
    ['connectMs', 'timeouts.connectMs'],
    ['deadlineMs', 'resilience.deadlineMs'],
    ['retries', 'resilience.retry.max'],
    ['timeOuts', 'timeouts'],
    ['loging', 'logging'],
  ])('knows what %s is called here', (name, meant) => {
    expect(moduleProblems({ [name]: 1 })).toEqual([
      expect.stringMatching(
        new RegExp(`^${name}: expected one of .*, got an unknown option; did you mean ${meant}\\?$`),
      ),
    ]);
  });

  it.each([
    ['httpsAgent', 'use pool and tls instead'],
    ['global', 'leave it out: the module is global'],
    ['keepAlive', 'leave it out: sockets are always kept alive'],
  ])('says what to do in place of %s', (name, advice) => {
    expect(moduleProblems({ [name]: 1 })).toEqual([
      expect.stringMatching(new RegExp(`got an unknown option; ${advice}$`)),
    ]);
  });

  it.each([
    [{ pool: { maxSocket: 1 } }, 'pool.maxSocket', 'pool.maxSockets'],
    [{ timeouts: { timeout: 1 } }, 'timeouts.timeout', 'timeouts.attemptMs'],
    [{ redirects: { maxRedirects: 1 } }, 'redirects.maxRedirects', 'redirects.max'],
    [{ resilience: { retry: { retries: 3 } } }, 'resilience.retry.retries', 'resilience.retry.max'],
    [{ logging: { slowCalls: { afterMs: 1, lvel: 'warn' } } }, 'logging.slowCalls.lvel', 'logging.slowCalls.level'],
    [{ guard: { allowHost: [] } }, 'guard.allowHost', 'guard.allowHosts'],
    [{ inbound: { forward: { to: [], header: [] } } }, 'inbound.forward.header', 'inbound.forward.headers'],
    [{ telemetry: { traces: true } }, 'telemetry.traces', undefined],
  ])('looks into groups: %j', (options, path, meant) => {
    const [problem, ...others] = moduleProblems(options);
    expect(others).toEqual([]);
    expect(problem).toContain(`${path}: expected one of the options `);
    expect(problem!.endsWith(meant === undefined ? 'got an unknown option' : `did you mean ${meant}?`)).toBe(true);
  });

  it('answers for every name of axios', () => {
    const unanswered = axiosNames().filter((name) => {
      const [problem] = moduleProblems({ [name]: 'x' });
      return problem === undefined || problem.endsWith('an unknown option');
    });
    expect(unanswered).toEqual([]);
  });

  it('lists every unknown option, at every depth, beside the wrong ones', () => {
    const options = {
      timeout: 1,
      maxRedirects: 2,
      pool: { maxSockets: 0, agents: 1, keepAlive: true },
      axios: { timeout: 3 },
    };
    const paths = moduleProblems(options).map((problem) => problem.slice(0, problem.indexOf(':')));
    expect(paths.toSorted()).toEqual(
      ['axios.timeout', 'maxRedirects', 'pool.agents', 'pool.keepAlive', 'pool.maxSockets', 'timeout'].toSorted(),
    );
  });

  it('suggests only what the place takes', () => {
    expect(problemsOf(() => resolveTransportOptions({ validateStatus: 1 } as never))).toEqual([
      expect.stringMatching(/got an unknown option$/),
    ]);
    const { client } = resolveModuleOptions({});
    expect(problemsOf(() => resolveNamedOptions({ name: 'a', timeout: 1, retries: 2 } as never, client))).toEqual([
      expect.stringContaining('did you mean timeouts.attemptMs?'),
      expect.stringContaining('did you mean resilience.retry.max?'),
    ]);
  });
});
