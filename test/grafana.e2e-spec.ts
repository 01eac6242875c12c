import { metrics } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { parser } from '@prometheus-io/lezer-promql';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { hold, json, listener, sequence, startUpstream, status } from '../src/testing/index.js';
import { openAppContext } from './support/app-context.js';
import { unregisterAll } from './support/open-telemetry.js';

interface Query {
  /** The panel or alert. */
  readonly of: string;
  readonly expr: string;
}

const folder = join(import.meta.dirname, '../docs/grafana');
const dashboard = JSON.parse(readFileSync(join(folder, 'dashboard.json'), 'utf8')) as {
  panels: { id: number; title: string; gridPos: object; targets: { expr: string; legendFormat: string }[] }[];
  templating: { list: { name: string; query: string | { query: string } }[] };
};
const alertsFile = readFileSync(join(folder, 'alerts.yml'), 'utf8');
const alerts = (
  parse(alertsFile) as { groups: { rules: { alert: string; expr: string; annotations: { summary: string } }[] }[] }
).groups.flatMap(({ rules }) => rules);

/** With what Grafana puts in for its variables. */
const filledIn = (given: string, unit = '') => given.replaceAll('${unit}', unit).replaceAll('$__rate_interval', '5m');

const PANELS: Query[] = dashboard.panels.flatMap(({ title, targets }) =>
  targets.map(({ expr }) => ({ of: title, expr: filledIn(expr) })),
);
const ALERTS: Query[] = alerts.map(({ alert, expr }) => ({ of: alert, expr }));

interface Named {
  readonly metrics: string[];
  readonly labels: string[];
  readonly errors: string[];
}

/** What a PromQL expression names, and where it cannot be parsed. */
function named(expr: string): Named {
  const found: Named = { metrics: [], labels: [], errors: [] };
  parser.parse(expr).iterate({
    enter({ type, from, to, node }) {
      const source = expr.slice(from, to);
      if (type.isError) found.errors.push(`at ${from}: ${expr.slice(from, from + 20)}`);
      if (type.name === 'Identifier' && node.parent?.name === 'VectorSelector') found.metrics.push(source);
      if (type.name === 'LabelName') found.labels.push(source);
    },
  });
  return found;
}

/** Metric → the labels that its time series have. */
let scraped: Map<string, Set<string>>;

beforeAll(async () => {
  const exporter = new PrometheusExporter({ preventServerStart: true });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [exporter] }));
  await using upstream = await startUpstream();
  const held = hold(json({}));
  upstream
    .on('/fine', json({}))
    .on('/flaky', sequence(status(503), json({})))
    .on('/held', held)
    .on('/broken', status(500))
    .on(
      '/metrics',
      listener((request, response) => exporter.getMetricsRequestHandler(request, response)),
    );
  const { app, client } = await openAppContext({
    baseURL: upstream.url,
    pool: { maxSockets: 1 },
    cache: true,
    resilience: {
      retry: { max: 1, baseMs: 1 },
      breaker: { consecutiveFailures: 3 },
      concurrency: { adaptive: 'aimd', min: 10, initial: 10 },
    },
  });
  const name = 'http://servers.test';
  const list = [new URL(upstream.url).host, '127.0.0.1:1']; // nobody listens there
  const balanced = await openAppContext({
    baseURL: name,
    origins: { [name]: { addresses: { list, ejection: { consecutiveFailures: 1 } } } },
  });
  for (let turn = 0; turn < 2; turn++) await balanced.client.get('/fine');
  await client.get('/fine', { urlTemplate: '/fine' });
  await client.get('/flaky');
  const holding = client.get('/held');
  await held.arrived();
  const queued = client.get('/fine');
  scraped = seriesOf(await scrape(upstream.url)); // while one waits
  held.release();
  await Promise.all([holding, queued]);
  for (let call = 0; call < 3; call++) await client.get('/broken').catch(() => {});
  for (const [metric, labels] of seriesOf(await scrape(upstream.url))) {
    scraped.set(metric, new Set([...labels, ...(scraped.get(metric) ?? [])]));
  }
  await Promise.all([app.close(), balanced.app.close()]);
});
afterAll(unregisterAll);

/** Without a connection of the app's. */
async function scrape(url: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.end('GET /metrics HTTP/1.0\r\n\r\n');
  return (await text(socket)).split('\r\n\r\n')[1]!;
}

function seriesOf(exposition: string): Map<string, Set<string>> {
  const series = new Map<string, Set<string>>();
  for (const [, metric, labels] of exposition.matchAll(/^(\w+)(?:\{(.*)\})? \S+/gm)) {
    const names = Array.from((labels ?? '').matchAll(/(\w+)="/g), ([, name]) => name!);
    series.set(metric!, new Set([...(series.get(metric!) ?? []), ...names]));
  }
  return series;
}

describe.each([
  ['panel of the dashboard', PANELS],
  ['alert', ALERTS],
])('each %s', (_, queries) => {
  it('is PromQL, and asks for metrics and labels that an app exports', () => {
    expect(queries.length).toBeGreaterThan(3);
    for (const { of, expr } of queries) {
      const { metrics: names, labels, errors } = named(expr);
      expect({ of, errors }).toEqual({ of, errors: [] });
      expect({ of, unknown: names.filter((name) => !scraped.has(name)) }).toEqual({ of, unknown: [] });
      const known = new Set(names.flatMap((name) => [...scraped.get(name)!]));
      expect({ of, unknown: labels.filter((label) => !known.has(label)) }).toEqual({ of, unknown: [] });
      expect(names.length).toBeGreaterThan(0);
    }
  });
});

it('every metric of the package has a panel, but the durations of connections and the requests under way', () => {
  const shown = new Set(PANELS.flatMap(({ expr }) => named(expr).metrics));
  const ours = [...scraped.keys()].filter((name) => /^(http_client|nest_outbound)_/.test(name));
  const families = new Set(ours.map((name) => name.replace(/_(bucket|sum|count)$/, '')));
  const missing = [...families].filter((family) => ![...shown].some((name) => name.startsWith(family)));
  expect(missing).toEqual(['http_client_active_requests']);
});

it('panels do not lie on each other, and their legends and variables name labels that exist', () => {
  const places = dashboard.panels.map(({ gridPos }) => JSON.stringify(gridPos));
  expect(new Set(places).size).toBe(places.length);
  const labels = new Set([...scraped.values()].flatMap((names) => Array.from(names)));
  const inLegends = dashboard.panels.flatMap(({ targets }) =>
    targets.flatMap(({ legendFormat }) => Array.from(legendFormat.matchAll(/\{\{(\w+)\}\}/g), ([, name]) => name!)),
  );
  expect(inLegends.filter((name) => !labels.has(name))).toEqual([]);
  const queries = dashboard.templating.list.flatMap(({ query }) => (typeof query === 'string' ? [] : [query.query]));
  for (const query of queries) {
    const [, metric, label] = filledIn(query).match(/^label_values\((\w+), (\w+)\)$/)!;
    expect(scraped.get(metric!)).toContain(label);
  }
});

it('an alert says of what it is by labels that its expression keeps', () => {
  for (const { alert, expr, annotations } of alerts) {
    const said = Array.from(annotations.summary.matchAll(/\$labels\.(\w+)/g), ([, name]) => name!);
    expect({ alert, kept: said.filter((name) => named(expr).labels.includes(name)) }).toEqual({ alert, kept: said });
  }
});

it('the names that an OpenTelemetry Collector exports come of what the files say', () => {
  const [, pattern, replacement] = alertsFile.match(/sed -E 's\/(.*?)\/(.*?)\/g'/)!;
  const renamed = alertsFile.replaceAll(new RegExp(pattern!, 'g'), replacement!.replaceAll('\\', '$'));
  const wanted = new Set(
    dashboard.panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => named(filledIn(expr, '_seconds')).metrics)),
  );
  const rules = (parse(renamed) as { groups: { rules: { expr: string }[] }[] }).groups[0]!.rules;
  expect(rules.flatMap(({ expr }) => named(expr).metrics).filter((name) => !wanted.has(name))).toEqual([]);
});
