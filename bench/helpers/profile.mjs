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

/** The functions with the most time of their own, as parts of all samples. */
export function topFunctions({ nodes, samples }, count = 25) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const hits = new Map();
  for (const id of samples) {
    const { functionName, url, lineNumber } = byId.get(id).callFrame;
    const file = url.replace(/^.*\/node_modules\//, '').replace(/^file:\/\//, '');
    const place = `${functionName || '(anonymous)'}${file && ` ${file}:${lineNumber + 1}`}`;
    hits.set(place, (hits.get(place) ?? 0) + 1);
  }
  return [...hits]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([place, hit]) => ({ place, part: hit / samples.length }));
}
