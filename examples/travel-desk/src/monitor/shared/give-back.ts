import { setTimeout as sleep } from 'node:timers/promises';

/** The longest that an app that shuts down waits for Redis, in milliseconds: it may be gone. */
const GIVE_BACK_MS = 2_000;

/** Waits until Redis has been told, but no longer than it may take. */
export async function giveBack(telling: Promise<unknown>): Promise<void> {
  await Promise.race([telling.catch(() => {}), sleep(GIVE_BACK_MS, undefined, { ref: false })]);
}
