const WIDTH = 900;
const LABEL = 400; // room for the longest name of a contender
const VALUE = 70; // right of the longest bar
const ROW = 28;
const BAR = 16;
const TOP = 74;
const BOTTOM = 34;

const STYLE = `
    text { font: 13px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #1f2328; }
    .title { font-size: 16px; font-weight: 600; }
    .note { font-size: 12px; fill: #59636e; }
    .bar { fill: #8c959f; }
    .ours { fill: #cf222e; }
    .name-of-ours { font-weight: 600; }
    .range { stroke: #1f2328; stroke-width: 1.5; }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc; }
      .note { fill: #9198a1; }
      .bar { fill: #656c76; }
      .ours { fill: #f85149; }
      .range { stroke: #f0f6fc; }
    }
  `;

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text) => text.replace(/[&<>"]/g, (character) => ENTITIES[character]);

/** CPU per request of every contender of a scenario as an SVG of horizontal bars, least first. */
export function cpuChart({ title, contenders }, { versions, machine, rounds, date }) {
  const rows = contenders.toSorted((a, b) => a.cpu.median - b.cpu.median);
  const longest = Math.max(...rows.map(({ cpu }) => cpu.max));
  const x = (value) => LABEL + (value / longest) * (WIDTH - LABEL - VALUE);
  const height = TOP + rows.length * ROW + BOTTOM;
  const heading = `CPU time per request: ${title}`;
  const sizes = `µs, median of ${rounds} rounds, lines from min to max; less is better`;
  const origin = `Node ${versions.node}, axios ${versions.axios}, undici ${versions.undici}; ${machine.cpu}; ${date.slice(0, 10)}`;
  const description = rows.map(({ name, cpu }) => `${name}: ${cpu.median.toFixed(0)} µs`).join('; ');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title description">
  <title id="title">${escape(heading)}</title>
  <desc id="description">${escape(description)}</desc>
  <style>${STYLE}</style>
  <text class="title" x="12" y="28">${escape(heading)}</text>
  <text class="note" x="12" y="50">${escape(sizes)}</text>
${rows.map((row, index) => bar(row, TOP + index * ROW, x)).join('\n')}
  <text class="note" x="12" y="${height - 12}">${escape(origin)}</text>
</svg>
`;
}

function bar({ id, name, cpu }, y, x) {
  const isOurs = id.startsWith('nest-outbound');
  const middle = y + BAR / 2;
  const [width, min, max] = [x(cpu.median) - LABEL, x(cpu.min), x(cpu.max)].map((value) => value.toFixed(1));
  return `  <text x="${LABEL - 10}" y="${middle + 4}" text-anchor="end"${isOurs ? ' class="name-of-ours"' : ''}>${escape(name)}</text>
  <rect class="bar${isOurs ? ' ours' : ''}" x="${LABEL}" y="${y}" width="${width}" height="${BAR}" rx="2"/>
  <line class="range" x1="${min}" x2="${max}" y1="${middle}" y2="${middle}"/>
  <text x="${(x(cpu.max) + 8).toFixed(1)}" y="${middle + 4}">${cpu.median.toFixed(0)}</text>`;
}
