import { Socket } from 'node:net';

interface SocketHandle {
  asyncReset?(resource: object): void;
  getProviderType(): number;
  getAsyncId(): number;
}

/** What async hooks know a socket by. */
export interface HookedSocket extends Socket {
  readonly _handle?: SocketHandle | null;
  [asyncId: symbol]: unknown;
}

/** Node's name for the resource of one more request on a socket: async hooks see it. */
class ReusedHandle {
  constructor(
    readonly type: number,
    readonly handle: object,
  ) {}
}

const ASYNC_ID = Object.getOwnPropertySymbols(new Socket()).find(
  ({ description }) => description === 'async_id_symbol',
);

/** From here on the socket runs in the async context of the request. */
export function resetAsyncId(socket: HookedSocket): void {
  const handle = socket._handle;
  if (typeof handle?.asyncReset !== 'function') return;
  handle.asyncReset(new ReusedHandle(handle.getProviderType(), handle));
  if (ASYNC_ID) socket[ASYNC_ID] = handle.getAsyncId();
}

/** The same, but for Node's number for async hooks, which only `node:http` reads. */
export function resetAsyncHandle(socket: HookedSocket, known: { handleType: number | undefined }): void {
  const handle = socket._handle;
  if (typeof handle?.asyncReset !== 'function') return;
  known.handleType ??= handle.getProviderType();
  handle.asyncReset(new ReusedHandle(known.handleType, handle));
}

/** No request has the socket. */
export function forgetAsyncId(socket: HookedSocket): void {
  if (ASYNC_ID) socket[ASYNC_ID] = -1;
}
