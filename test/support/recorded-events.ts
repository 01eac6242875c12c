import type { EventSink, HttpClientEvent } from '../../src/call/event-sink.js';
import type { HttpClientEventMap, HttpClientEventName } from '../../src/call/events.js';

/** Wants every event, and keeps it. */
export class RecordedEvents implements EventSink {
  readonly all: HttpClientEvent[] = [];

  wants(): boolean {
    return true;
  }

  publish<Name extends HttpClientEventName>(name: Name, event: HttpClientEventMap[Name]): void {
    this.all.push({ name, ...event } as HttpClientEvent);
  }

  get names(): HttpClientEventName[] {
    return this.all.map(({ name }) => name);
  }

  of<Name extends HttpClientEventName>(name: Name): HttpClientEvent<Name>[] {
    return this.all.filter((event) => event.name === name) as unknown as HttpClientEvent<Name>[];
  }
}

/** Nobody listens. What is published all the same is a mistake. */
export const SILENT: EventSink = {
  wants: () => false,
  publish(name) {
    throw new Error(`${name} was published though nobody wants it`);
  },
};
