// Does what `docker build` would do with the example's Dockerfile, in a folder and with this machine's Node, then runs the outcome as a
// container would: without root's rights where it has them, until SIGTERM. It needs no Docker; the base image is what it cannot check.
import { DockerfileParser } from 'dockerfile-ast';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const context = fileURLToPath(new URL('../../..', import.meta.url));
const dockerfile = DockerfileParser.parse(readFileSync(join(context, 'examples/travel-desk/Dockerfile'), 'utf8'));

/** Carries out the instructions up to those that only say how to run the image. Returns the last stage. */
function build(folder) {
  const stages = new Map();
  let stage;
  const steps = {
    FROM: (step) => {
      stage = { root: join(folder, `stage-${stages.size}`), workdir: '/', env: {} };
      stages.set(step.getBuildStage() ?? String(stages.size), stage);
    },
    WORKDIR: (step) => {
      stage.workdir = resolve(stage.workdir, String(step.getArguments()[0]));
      mkdirSync(inside(stage), { recursive: true });
    },
    ENV: (step) => {
      for (const property of step.getProperties()) stage.env[property.getName()] = property.getValue();
    },
    COPY: (step) => {
      const from = step.getFromFlag()?.getValue();
      const paths = step.getArguments().map(String);
      const to = paths.pop();
      for (const path of paths)
        copy(from ? inside(stages.get(from), path) : join(context, path), inside(stage, to), to);
    },
    RUN: (step) => {
      console.log(`RUN ${step.getArgumentsContent()}`);
      const env = { ...process.env, ...stage.env };
      execFileSync('sh', ['-c', step.getArgumentsContent()], { cwd: inside(stage), env, stdio: 'inherit' });
    },
    USER: (step) => (stage.user = Number(step.getArguments()[0])),
    HEALTHCHECK: (step) => (stage.healthcheck = execForm(step)),
    CMD: (step) => (stage.command = execForm(step)),
    EXPOSE: () => {},
  };
  for (const step of dockerfile.getInstructions()) steps[step.getKeyword()](step);
  return stage;
}

const inside = ({ root, workdir }, path = '.') => join(root, resolve(workdir, path));

/** As COPY does: what is in a folder; a file into a folder if its name ends in a slash. */
function copy(source, target, to) {
  const isFolder = statSync(source).isDirectory();
  const filter = (path) => !path.endsWith('.spec.ts'); // as .dockerignore does
  const destination = !isFolder && to.endsWith('/') ? join(target, basename(source)) : target;
  cpSync(source, destination, { recursive: true, verbatimSymlinks: true, filter });
}

const execForm = (step) => JSON.parse(step.getArgumentsContent().replace(/^CMD /, ''));

/** @returns where the app listens */
async function listening({ stdout }) {
  for await (const line of createInterface({ input: stdout })) {
    const [address] = /(?<=Open )http:\S+/.exec(line) ?? [];
    if (address) return address;
  }
  throw new Error('it ended before it listened');
}

async function expectOk(url) {
  const { status } = await fetch(url);
  if (status !== 200) throw new Error(`GET ${url}: ${status}`);
}

async function run({ command, healthcheck, env, user, ...stage }) {
  const options = {
    cwd: inside(stage),
    env: { PATH: process.env.PATH, ...env, HOST: '127.0.0.1', PORT: '0', UPSTREAM_PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(process.getuid() === 0 && { uid: user, gid: user }),
  };
  const app = spawn(command[0], command.slice(1), options);
  const closed = once(app, 'close');
  try {
    const address = await listening(app);
    await Promise.all(['/call-many?n=2', '/docs'].map((path) => expectOk(new URL(path, address))));
    const { port: PORT } = new URL(address);
    execFileSync(healthcheck[0], healthcheck.slice(1), { ...options, env: { ...options.env, PORT } });
  } finally {
    app.stdout.resume();
    app.kill('SIGTERM');
  }
  const [code, signal] = await closed;
  if (code !== 0) throw new Error(`SIGTERM ended it with ${signal ?? code}`);
}

const folder = mkdtempSync(join(tmpdir(), 'nest-outbound-image-'));
try {
  chmodSync(folder, 0o755); // for the user that it runs as
  const stage = build(folder);
  await run(stage);
  console.log('the image starts, answers, is healthy and ends at SIGTERM with 0');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
