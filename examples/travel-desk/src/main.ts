import { Logger } from '@nestjs/common';
import { createRequire } from 'node:module';
import { readSettings } from './settings/read-settings.js';

// An import opens all files of a package at once, hundreds of them, which few file descriptors (ulimit -n 256) do not
// suffice for; require reads one after the other.
const { createApp } = createRequire(import.meta.url)('./create-app.js') as typeof import('./create-app.js');

try {
  const settings = readSettings(process.env);
  const app = await createApp(settings);
  await app.listen(settings.port, settings.host);
  new Logger('TravelDesk').log(`Open ${await app.getUrl()} (Ctrl+C drains and stops)`);
} catch (error) {
  console.error(`travel-desk: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
