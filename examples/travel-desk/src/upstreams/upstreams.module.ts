import { Module } from '@nestjs/common';
import type { Settings } from '../settings/schema.js';
import { SETTINGS } from '../settings/settings.module.js';
import { EmbeddedUpstream } from './pages/embedded-upstream.js';
import { EmbeddedAirlines } from './airlines/embedded-airlines.js';
import { EmbeddedHealth } from './health/embedded-health.js';

/** Everybody else's APIs. They listen before any client is made, which has to know their ports. */
@Module({
  providers: [
    {
      provide: EmbeddedUpstream,
      inject: [SETTINGS],
      useFactory: ({ upstreamPort }: Settings) => new EmbeddedUpstream(upstreamPort),
    },
    { provide: EmbeddedAirlines, inject: [SETTINGS], useFactory: ({ seed }: Settings) => EmbeddedAirlines.start(seed) },
    {
      provide: EmbeddedHealth,
      inject: [SETTINGS],
      useFactory: ({ monitor, seed }: Settings) =>
        EmbeddedHealth.start(
          monitor.endpoints.filter((endpoint) => 'behaviour' in endpoint),
          seed,
        ),
    },
  ],
  exports: [EmbeddedUpstream, EmbeddedAirlines, EmbeddedHealth],
})
export class UpstreamsModule {}
