import { writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';

const INTERVAL_US = 200;

/** Starts a CPU profile. @returns what ends it and writes it to a file */
export async function startProfile() {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US });
  await session.post('Profiler.start');
  return async (file) => {
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    await writeFile(file, JSON.stringify(profile));
  };
}

/** The functions with the most time of their own, as parts of all time that was not idle. */
export function topFunctions({ nodes, samples, timeDeltas }, count = 30) {
  const places = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]));
  const times = new Map();
  let total = 0;
  for (const [index, id] of samples.entries()) {
    const place = places.get(id);
    if (place === '(idle)') continue;
    times.set(place, (times.get(place) ?? 0) + timeDeltas[index]);
    total += timeDeltas[index];
  }
  return [...times]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([place, time]) => ({ place, part: time / total }));
}

function placeOf({ functionName, url, lineNumber }) {
  const file = url.replace(/^.*\/node_modules\/|^file:\/\//, '');
  return `${functionName || '(anonymous)'}${file && ` ${file}:${lineNumber + 1}`}`;
}
