import agentkeepalive from 'agentkeepalive';
import { createHook } from 'node:async_hooks';
import { once } from 'node:events';
import http from 'node:http';
import { Agent } from 'node:https';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startUpstream, type Upstream } from '../../test/support/upstream.js';
import { ADDRESS, Address } from './addresses/address.js';
import { keepInLane, openFastLane, ORIGIN, SCHEDULING } from './fast-lane.js';

describe('openFastLane', () => {
  const plain = new Agent({ ca: 'PEM' });
  const remembering = new Agent({ ca: 'PEM' });
  openFastLane(remembering);

  const request = (rest: object) => ({ host: 'api.test', port: 443, ca: 'PEM', ...rest });
  const origin = { [ORIGIN]: 'https://api.test' };

  it.each([
    ['a first request', origin],
    ['the same once more', origin],
    ['another family', { ...origin, family: 6 }],
    ['another server name, from a Host header', { ...origin, servername: 'other.test' }],
    ['the first again', origin],
    ['another origin', { [ORIGIN]: 'https://api.test:8443', port: 8443 }],
    ['a request that tells no origin', { ca: 'OTHER' }],
  ])('names sockets as Node does for %s', (_, rest) => {
    expect(remembering.getName(request(rest))).toBe(plain.getName(request(rest)));
  });

  it('names sockets to one address otherwise than those to another', () => {
    const to = (ip: string) => {
      const address = new Address('https://api.test', ip, [{ ip, family: 4, port: undefined }]);
      return request({ [ORIGIN]: address.lane, [ADDRESS]: address });
    };
    const names = [to('10.0.0.1'), to('10.0.0.2'), to('10.0.0.1'), request(origin)].map((of) =>
      remembering.getName(of),
    );
    expect(new Set(names).size).toBe(3);
    expect(names[2]).toBe(names[0]);
  });

  it('is the name that a socket was given when it was opened', () => {
    expect(remembering.getName({ _agentKey: 'its name' } as object)).toBe('its name');
  });
});

describe('a request on an idle socket', () => {
  const agent = new agentkeepalive.HttpAgent();
  openFastLane(agent);
  let nodesWay = 0;
  // Node copies the options of the agent to look for a socket.
  Object.defineProperty((agent as unknown as { options: object }).options, 'copied', {
    enumerable: true,
    get: () => nodesWay++,
  });
  let upstream: Upstream;

  beforeEach(async () => {
    upstream = await startUpstream((_, response) => response.end('ok'));
    await send();
    nodesWay = 0;
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    agent.destroy();
    await upstream[Symbol.asyncDispose]();
  });

  async function send(options: http.RequestOptions = {}): Promise<http.ClientRequest> {
    const { hostname, port, origin } = new URL(upstream.url);
    const request = http.get({ agent, hostname, port, [ORIGIN]: origin, ...options } as http.RequestOptions);
    const [response] = await once(request, 'response');
    const freed = once(response.socket, 'free');
    response.resume();
    await freed;
    return request;
  }

  it('gets it without the copies that Node makes', async () => {
    expect((await send()).reusedSocket).toBe(true);
    expect((await send()).reusedSocket).toBe(true);
    expect(nodesWay).toBe(0);
    expect(upstream.connections).toBe(1);
    expect(Object.values(agent.freeSockets).flat()).toHaveLength(1);
    expect(agent.sockets).toEqual({});
  });

  it.each([
    ['says no origin', { [ORIGIN]: undefined }],
    ['is for another address family', { family: 4 }],
    ['has another Host header, by which TLS may choose another socket', { headers: { host: 'other.test' } }],
    ['has a timeout for the socket', { timeout: 1_000 }],
  ])('takes the way of Node where it %s', async (_, options) => {
    await send(options as http.RequestOptions);
    expect(nodesWay).toBeGreaterThan(0);
  });

  it('takes the way of Node where somebody has replaced that', async () => {
    const addRequest = vi.spyOn(http.Agent.prototype as unknown as { addRequest: () => void }, 'addRequest');
    await send();
    expect(addRequest).toHaveBeenCalledOnce();
    addRequest.mockRestore();
    nodesWay = 0;
    await send();
    expect(nodesWay).toBe(0);
  });

  it.each([
    ['fast lane', {}],
    ["Node's way", { family: 4 }],
  ])('gets the one used last, or longest ago where it asks for that: %s', async (_, options) => {
    const [first, second] = await Promise.all([send(options), send(options)]);
    const idle = () => Object.values(agent.freeSockets).flat();
    const sockets = new Set([first.socket, second.socket]);
    const oldest = idle().find((socket) => sockets.has(socket!));
    const fifo = { ...options, [SCHEDULING]: 'fifo' } as object;
    expect((await send(fifo)).socket).toBe(oldest);
    expect((await send(options)).socket).toBe(oldest);
    expect((await send(fifo)).socket).not.toBe(oldest);
    expect((agent as unknown as { scheduling: string }).scheduling).toBe('lifo');
  });

  it('gets none that is closed already', async () => {
    const [socket] = Object.values(agent.freeSockets).flat();
    socket!.destroy();
    expect((await send()).reusedSocket).toBe(false);
  });

  it('has the async resources that Node gives it', async () => {
    const seen = async (options?: http.RequestOptions) => {
      const resources: string[] = [];
      const init = (_id: number, type: string, _trigger: number, { constructor }: object) =>
        resources.push(`${type} ${constructor.name}`);
      const hook = createHook({ init }).enable();
      await send(options);
      hook.disable();
      return resources.filter((name) => name.startsWith('TCPWRAP') || name.startsWith('HTTP'));
    };
    const resources = await seen();
    expect(nodesWay).toBe(0);
    expect(resources).toContain('TCPWRAP ReusedHandle');
    expect(resources).toEqual(await seen({ [ORIGIN]: undefined } as object));
  });
});

describe('a socket that the lane has given out, once its response has ended', () => {
  /** Sends requests one after the other, on an agent whose lane takes sockets back. */
  async function lane() {
    const upstream = await startUpstream((_, response) => response.end('ok'));
    const agent = new agentkeepalive.HttpAgent();
    openFastLane(agent);
    const idle = vi.fn<(socket: object, since: number) => void>();
    keepInLane(agent, { now: () => 7, idleMs: () => 60_000, noteIdle: idle });
    const { hostname, port, origin } = new URL(upstream.url);
    const send = async (look?: (response: http.IncomingMessage) => unknown) => {
      const request = http.get({ agent, hostname, port, [ORIGIN]: origin } as http.RequestOptions);
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      const { socket } = response; // of one that has ended it is null
      const freed = once(socket, 'free');
      look?.(response);
      response.resume();
      await freed;
      return socket;
    };
    await send(); // on a new socket, which is Node's to give out
    const emitted = vi.spyOn(agent, 'emit');
    const dispose = async () => {
      agent.destroy();
      await upstream[Symbol.asyncDispose]();
    };
    return { agent, send, idle, emitted, [Symbol.asyncDispose]: dispose };
  }

  it('is idle again without the listeners of Node and agentkeepalive', async () => {
    await using own = await lane();
    const { agent, send, idle, emitted } = own;
    const socket = await send();
    await send();
    expect(emitted).not.toHaveBeenCalledWith('free', expect.anything(), expect.anything());
    expect(idle.mock.calls).toEqual([
      [socket, 7],
      [socket, 7],
    ]);
    expect(Object.values(agent.freeSockets).flat()).toEqual([socket]);
    expect(agent.sockets).toEqual({});
    expect(agent.getCurrentStatus().requestCount).toBe(3);
  });

  it('goes the way of Node where somebody else listens', async () => {
    await using own = await lane();
    const { agent, send, idle } = own;
    const free = vi.fn<(socket: object) => void>();
    agent.on('free', free);
    const socket = await send();
    expect(free.mock.calls[0]![0]).toBe(socket);
    expect(idle).not.toHaveBeenCalled();
    expect(Object.values(agent.freeSockets).flat()).toEqual([socket]);
  });

  it('stays away where it was taken from its agent meanwhile', async () => {
    await using own = await lane();
    const { agent, send, idle } = own;
    const socket = await send((response) => response.socket.emit('agentRemove'));
    expect(idle).not.toHaveBeenCalled();
    expect([agent.freeSockets, agent.sockets]).toEqual([{}, {}]);
    socket.destroy();
  });

  it('does not keep a process alive while it is idle', async () => {
    await using own = await lane();
    const { agent, send } = own;
    const handle = (socket: object) => (socket as { _handle: { hasRef(): boolean } })._handle;
    const inUse: boolean[] = [];
    const socket = await send((response) => inUse.push(handle(response.socket).hasRef()));
    await send((response) => inUse.push(handle(response.socket).hasRef()));
    expect(inUse).toEqual([true, true]);
    expect(handle(socket).hasRef()).toBe(false);
    expect(socket.timeout ?? 0).toBe(0); // no timer of its own
    expect(Object.values(agent.freeSockets).flat()).toEqual([socket]);
  });
});
