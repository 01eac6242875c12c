/** In braces: on a Redis cluster, all keys are on one node, as scripts need it. BullMQ puts it before its own keys, too. */
export const PREFIX = '{travel-desk}';
export const QUEUE = 'monitor';

const key = (name: string) => `${PREFIX}:${QUEUE}-state:${name}`;

export const keys = {
  /** Where processes tell each other what they found. */
  channel: key('news'),
  /** Hash: id of an endpoint → its state, and since when. */
  states: key('states'),
  /** Hash: slices pinged and slices skipped, since the start. */
  totals: key('totals'),
  /** Sorted set: process → when it was last there. */
  replicas: key('replicas'),
  /** What the job schedulers were made from. */
  schedule: key('schedule'),
  /** List: the last pings of an endpoint, the newest last. */
  history: (id: string) => key(`history:${id}`),
  /** Who pings a slice now. */
  lease: (slice: string) => key(`lease:${slice}`),
};
