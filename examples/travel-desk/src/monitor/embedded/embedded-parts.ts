import type { ModuleMetadata } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { Rounds } from '../rounds.js';
import { EmbeddedRounds } from './embedded-rounds.js';

/** What the monitor is made of where this process pings alone. */
export const embeddedParts: Required<Pick<ModuleMetadata, 'imports' | 'providers'>> = {
  imports: [ScheduleModule.forRoot()],
  providers: [EmbeddedRounds, { provide: Rounds, useExisting: EmbeddedRounds }],
};
