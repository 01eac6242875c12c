import { Logger } from '@nestjs/common';
import { createApp } from './create-app.js';
import { readSettings } from './settings/read-settings.js';

try {
  const settings = readSettings(process.env);
  const app = await createApp(settings);
  await app.listen(settings.port, settings.host);
  new Logger('TravelDesk').log(`Open ${await app.getUrl()} (Ctrl+C drains and stops)`);
} catch (error) {
  console.error(`travel-desk: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
