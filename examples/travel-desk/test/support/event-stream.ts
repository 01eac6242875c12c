import { once } from 'node:events';
import { type ClientRequest, get, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';

export interface StreamedEvent {
  readonly type: string;
  readonly data: any;
}

/** Events of a server-sent stream, as they come. */
export interface EventStream {
  readonly response: IncomingMessage;
  /** All that came so far. */
  readonly events: readonly StreamedEvent[];
  /** The first, of those that came and those to come, that is so. Rejects when the stream ends without. */
  find(isIt: (event: StreamedEvent) => boolean): Promise<StreamedEvent>;
  /** Once the server has ended it. */
  readonly ended: Promise<void>;
  /** Hangs up. */
  leave(): void;
}

export async function openEventStream(port: number, path: string): Promise<EventStream> {
  const request: ClientRequest = get({ port, path, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const events: StreamedEvent[] = [];
  const lines = createInterface({ input: response });
  const listeners = new Set<() => void>();
  let type = 'message';
  let isOver = false;
  const tell = () => {
    for (const listener of listeners) listener();
  };
  lines.on('line', (line) => {
    if (line.startsWith('event: ')) type = line.slice(7);
    if (!line.startsWith('data: ')) return;
    events.push({ type, data: JSON.parse(line.slice(6)) });
    tell();
  });
  for (const emitter of [response, lines]) emitter.on('error', () => {}); // whoever leaves cuts it
  const ended = new Promise<void>((resolve) => {
    lines.once('close', () => {
      isOver = true;
      tell();
      resolve();
    });
  });
  return {
    response,
    events,
    ended,
    find: (isIt) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = events.find(isIt);
          if (!found && !isOver) return;
          listeners.delete(look);
          if (found) resolve(found);
          else reject(new Error(`the stream has ended after ${events.map((event) => event.type).join(', ')}`));
        };
        listeners.add(look);
        look();
      }),
    leave: () => request.destroy(),
  };
}
