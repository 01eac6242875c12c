import type { DeskEvent, DeskSnapshot } from './desk.dto.js';

type Lists = {
  [Name in keyof DeskSnapshot]: DeskSnapshot[Name] extends readonly unknown[] ? Name : never;
}[keyof DeskSnapshot];

/** What a watcher who knows the snapshot `before` has to be told to know `after`. */
export function deskChanges(before: DeskSnapshot, after: DeskSnapshot): DeskEvent[] {
  const events: DeskEvent[] = [];
  for (const name of ['process', 'monitor'] as const) {
    if (differ(before[name], after[name])) events.push({ type: name, data: after[name] } as DeskEvent);
  }
  const changed = <Name extends Lists>(
    name: Name,
    type: DeskEvent['type'],
    keyOf: (element: DeskSnapshot[Name][number]) => string,
  ) => {
    const known = new Map(before[name].map((element) => [keyOf(element), element]));
    for (const element of after[name]) {
      if (differ(known.get(keyOf(element)), element)) events.push({ type, data: element } as DeskEvent);
    }
  };
  changed('endpoints', 'endpoint', ({ id }) => id);
  changed('airlines', 'airline', ({ code }) => code);
  changed('clients', 'client', ({ client }) => client);
  changed('sockets', 'sockets', ({ client, origin }) => `${client} ${origin}`);
  changed('breakers', 'breaker', ({ client, origin }) => `${client} ${origin}`);
  if (differ(before.drain, after.drain)) events.push({ type: 'drain', data: after.drain }); // the last of the last
  return events;
}

/** Both are plain data with their members in one order. */
const differ = (one: unknown, other: unknown): boolean => JSON.stringify(one) !== JSON.stringify(other);
