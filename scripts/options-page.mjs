// Writes docs/options.md. Without `--update`, fails where the page differs. Needs a build.
//
// What exists, and where it can be set, comes from the schemas that check the options; types and meanings from the public types and their doc comments.
// A `@default` that is not what the code resolves to is an error, and so is an option that only one of the two knows.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { areOfCaller } from '../dist/layers/auth/credentials.js';
import { OAUTH2_DEFAULTS } from '../dist/options/defaults.js';
import { resolveModuleOptions } from '../dist/options/resolve-options.js';
import { RESILIENCE_DEFAULTS } from '../dist/options/resolve-resilience.js';
import {
  callSchema,
  extrasSchema,
  moduleOptionsSchema,
  namedClientSchema,
  transportSchema,
} from '../dist/options/schema.js';
import { optionTypes } from './option-types.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = join(root, 'docs/options.md');

/** The page that explains an option, and all that it contains. */
const PAGES = {
  name: 'clients.md#named-clients',
  baseURL: 'clients.md#named-clients',
  headers: 'clients.md#named-clients',
  axios: 'clients.md',
  interceptors: 'clients.md#interceptors',
  imports: 'clients.md#interceptors',
  layers: 'layers.md#a-layer-of-your-own',
  apis: 'contracts.md',
  confine: 'security.md#confinement-to-a-base-url',
  guard: 'security.md#the-address-guard',
  redact: 'security.md#what-is-a-secret',
  auth: 'auth.md',
  timeouts: 'transport.md#phases',
  limits: 'transport.md#bounds',
  redirects: 'transport.md#redirects',
  engine: 'engines.md',
  http2: 'engines.md#http2',
  tls: 'auth.md#certificates',
  pool: 'performance.md#pool-size',
  resilience: 'layers.md',
  cache: 'caching.md',
  origins: 'layers.md',
  addresses: 'load-balancing.md',
  inbound: 'layers.md#the-inbound-request',
  telemetry: 'telemetry.md',
  logging: 'logging.md',
  shared: 'scaling.md',
  shutdown: 'shutdown.md#the-deadline',
  maxRuntimeClients: 'tenants.md#how-many',
  adopt: 'migrating.md#code-that-is-not-yours',
};

const INTRODUCTION = `# Options

Every option, with its type, its default, and where you can set it. All are optional, unless the table says otherwise. A wrong option stops the app at its start, and
the error lists every problem.

\`\`\`ts
import { HttpClientModule } from 'nest-outbound';

export const http = HttpClientModule.forRoot({
  baseURL: 'https://api.example.com',
  headers: { 'user-agent': 'my-app' },
  timeouts: { attemptMs: 5_000 },
  pool: { maxSockets: 50 },
  resilience: 'standard',
});
\`\`\`

| place          | how                                                                                                          |
| -------------- | ------------------------------------------------------------------------------------------------------------ |
| module         | \`HttpClientModule.forRoot({ … })\`, \`forRootAsync\`                                                            |
| client         | a named client: \`HttpClientModule.forFeature({ name, … })\`, \`forFeatureAsync\`                                |
| origin         | \`origins: { 'https://api.example.com': { … } }\` of the module or of a named client                           |
| call           | \`http.get(url, { timeouts: { … }, resilience: { … } })\`                                                      |
| transport      | \`createTransport({ … })\`, which has [axios's defaults](transport.md#without-nest) for timeouts, limits and redirects |

The nearest one wins: call, origin, named client, module, default. A named client inherits what it does not set, except \`baseURL\`, \`confine\`, \`auth\`, \`headers\`,
\`axios\`, \`interceptors\` and \`layers\`: they belong to one API. \`app.get(HttpClients).explain()\` lists every effective option and who set it. Names that end in \`Ms\`
are milliseconds.

This page is generated from the schema and the doc comments (\`npm run options\`).`;

/** What every option is when its part is on. */
const ORIGIN = 'https://api.example.com';
const on = resolveModuleOptions({
  baseURL: ORIGIN,
  origins: { [ORIGIN]: { addresses: true } },
  guard: true,
  tls: { files: { ca: '/ca.pem' }, watch: true },
  inbound: { forward: { to: [] } },
  logging: { slowCalls: { afterMs: 1 } },
  cache: true,
  resilience: {
    retry: true,
    hedge: true,
    budget: true,
    breaker: true,
    concurrency: { max: 1 },
    rateLimit: { max: 1 },
  },
});
const EFFECTIVE = {
  ...on.client,
  ...on,
  resilience: { ...on.client.resilience, concurrency: RESILIENCE_DEFAULTS.concurrency },
  baseURL: undefined,
  tls: { ...on.client.tls, files: undefined },
  inbound: { ...on.inbound, forward: { headers: on.inbound.forwardHeaders } },
  addresses: on.client.origins[ORIGIN].addresses,
  auth: { oauth2: OAUTH2_DEFAULTS, sameForAll: !areOfCaller({ bearer: () => '' }) },
  axios: undefined,
};
/** What the parts are when nobody says anything. */
const untouched = resolveModuleOptions({});
const UNTOUCHED = { ...untouched.client, ...untouched };

const at = (object, path) => path.split('.').reduce((value, name) => value?.[name], object);

/** @returns Map of path → schema, groups before what is in them */
function pathsOf(schema, prefix = '', found = new Map()) {
  if (schema.wrapped) return pathsOf(schema.wrapped, prefix, found);
  for (const [name, entry] of Object.entries((prefix !== 'axios.' && schema.entries) || {})) {
    found.set(prefix + name, entry);
    pathsOf(entry, `${prefix}${name}.`, found);
  }
  return found;
}

const ofModule = new Map([...pathsOf(moduleOptionsSchema), ...pathsOf(extrasSchema), ['imports', {}]]);
const ofOrigin = pathsOf(ofModule.get('origins').wrapped.value);
const PLACES = new Map([
  ['module', ofModule],
  ['client', new Map([...pathsOf(namedClientSchema), ['imports', {}]])],
  ['origin', ofOrigin],
  ['call', pathsOf(callSchema)],
  ['transport', pathsOf(transportSchema)],
]);
PLACES.get('transport').delete('timeouts.attemptMs'); // its type has none: each call brings its own
const paths = new Map([...PLACES.values()].flatMap((place) => Array.from(place)));
const isGroup = (path) => [...paths.keys()].some((other) => other.startsWith(`${path}.`));
const isRequired = (path) => [...PLACES.values()].some((place) => place.has(path) && isMandatory(place.get(path)));
const isMandatory = (schema) => schema.type !== undefined && schema.type !== 'optional';

const problems = [];
const types = optionTypes(root, isGroup);
for (const path of types.keys()) if (!paths.has(path)) problems.push(`${path}: the schema does not know it`);

const NOTHING = 'none';

/** @returns the default of an option, as its comment says it, checked against the code */
function defaultOf(path, said) {
  const isSwitch = isGroup(path) && v.safeParse(paths.get(path), false).success;
  if (said === undefined) {
    if (isRequired(path)) return 'required';
    if (isGroup(path) && !isSwitch) return 'below';
    problems.push(`${path}: no @default`);
    return '';
  }
  const actual = isGroup(path) ? isSwitch && Boolean(at(UNTOUCHED, path)) : at(EFFECTIVE, path);
  const claimed = claimIn(said);
  const isRight =
    claimed === NOTHING
      ? actual === undefined || actual === false || actual.length === 0 || typeof actual === 'object'
      : claimed === undefined || (typeof actual === 'object' && !Array.isArray(actual)) || same(claimed, actual);
  const isLeftOpen = claimed === undefined && !isGroup(path) && actual !== undefined;
  if (!isRight || isLeftOpen)
    problems.push(`${path}: the code has ${JSON.stringify(actual)}, its comment says ${said}`);
  return said.replaceAll(/(\d)_(?=\d)/g, '$1,').replaceAll(/\bmilliseconds\b/g, 'ms');
}

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** The value that a `@default` begins with. */
function claimIn(said) {
  if (/^(none|off|only|everything off)\b/.test(said)) return NOTHING;
  const reference = /^the value of `(\w+)`/.exec(said)?.[1];
  if (reference) return at(EFFECTIVE, `pool.${reference}`);
  const literal = /^(\[[^\]]*\]|'[^']*'|true\b|false\b|\d[\d_.]*)/.exec(said)?.[1];
  return literal && JSON.parse(literal.replaceAll(/(\d)_(?=\d)/g, '$1').replaceAll("'", '"'));
}

function placesOf(path) {
  return [...PLACES].flatMap(([name, place]) => {
    if (!place.has(path)) return [];
    return place.get(path).wrapped?.type === 'literal' ? [`${name} (only \`false\`)`] : [name];
  });
}

const cell = (text) =>
  text
    .replaceAll(/\s+/g, ' ')
    .replaceAll('|', String.raw`\|`)
    .trim();
const link = (path) => PAGES[path] ?? PAGES[path.split('.')[0]];
const anchor = (path) => path.toLowerCase().replaceAll('.', '');

function row(path) {
  const { type, meaning, said } = types.get(path) ?? {};
  if (!type) return problems.push(`${path}: no type has it`);
  if (!meaning) problems.push(`${path}: no meaning: it needs a doc comment`);
  if (!link(path)) problems.push(`${path}: PAGES names no page that explains it`);
  const name = hasSection(path) ? `[\`${path}\`](#${anchor(path)})` : `\`${path}\``;
  const cells = [name, `\`${type}\``, defaultOf(path, said), placesOf(path).join(', '), meaning];
  return `| ${cells.map(cell).join(' | ')} |`;
}

/** A table for each group of the top, and for each part of `resilience`. */
const hasSection = (path) => isGroup(path) && /^(resilience\.)?\w+$/.test(path);
const sectionOf = (path) => {
  const names = path.split('.');
  for (let length = names.length - 1; length > 0; length--) {
    const parent = names.slice(0, length).join('.');
    if (hasSection(parent)) return parent;
  }
  return '';
};

function table(section) {
  const rows = [...paths.keys()].filter((path) => sectionOf(path) === section).map(row);
  return ['| option | type | default | set in | meaning |', '| --- | --- | --- | --- | --- |', ...rows].join('\n');
}

const sections = [...paths.keys()].filter(hasSection).map((path) => {
  const { about } = types.get(path) ?? {};
  const file = link(path);
  return `## ${path}\n\n${about} More: [${file?.replace(/#.*/, '')}](${file}).\n\n${table(path)}`;
});
const text = `${[INTRODUCTION, '## All options', table(''), ...sections].join('\n\n')}\n`;

if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exitCode = 1;
} else if (existsSync(page) && readFileSync(page, 'utf8') === text) {
  console.log(`options: docs/options.md lists all ${paths.size}`);
} else if (process.argv.includes('--update')) {
  writeFileSync(page, text);
  console.log(`written: ${page}`);
} else {
  console.error('docs/options.md is not what the options are. Run `npm run options`.');
  process.exitCode = 1;
}
