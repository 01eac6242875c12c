const COLUMNS = [
  ['', ({ name }) => name],
  ['CPU µs/request', ({ cpu }) => withRange(cpu, digitsFor(cpu.median))],
  ['of it user', ({ userCpu }) => userCpu.median.toFixed(digitsFor(userCpu.median))],
  ['× axios+keepalive', ({ cpuRatios }) => times(cpuRatios['axios-agentkeepalive'])],
  ['× @nestjs/axios', ({ cpuRatios }) => times(cpuRatios['nestjs-axios-http-service'])],
  ['× raw', ({ cpuRatios }) => times(cpuRatios['raw-http'])],
  ['× undici Pool', ({ cpuRatios }) => times(cpuRatios['undici-pool'])],
  ['requests/s', ({ rps }) => withRange(rps, digitsFor(rps.median))],
  ['p50 ms', ({ p50 }) => withRange(p50, 2)],
  ['p99 ms', ({ p99 }) => withRange(p99, 2)],
  ['sockets', ({ sockets }) => withRange(sockets, 0)],
  ['RSS MB', ({ rss }) => withRange(rss, 0)],
];

const digitsFor = (value) => (value < 1_000 ? 1 : 0);

function withRange({ median, min, max }, digits) {
  if (min === max) return median.toFixed(digits);
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}

const times = (ratio) => (ratio ? ratio.median.toFixed(2) : '');

/** One scenario as a table. */
export function table({ title, contenders }) {
  const columns = COLUMNS.filter(([, cell]) => contenders.some((row) => cell(row) !== '')); // references may be missing
  const rows = [columns.map(([head]) => head), ...contenders.map((row) => columns.map(([, cell]) => cell(row)))];
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join('  ');
  return [`\n${title}`, ...rows.map(line)].join('\n');
}

/** What was measured, where and when. */
export function heading({ date, machine, versions, commit, rounds }) {
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const measured = commit && `commit ${commit.id}${commit.isModified ? ' with changes' : ''}, `;
  return [
    `${date}, ${machine.cores} × ${machine.cpu}, ${machine.platform}, load ${machine.load.toFixed(2)}`,
    packages.join(', '),
    `${measured ?? ''}${rounds} round${rounds === 1 ? '' : 's'}: medians (min–max); × is CPU per request, compared round by round`,
  ].join('\n');
}
