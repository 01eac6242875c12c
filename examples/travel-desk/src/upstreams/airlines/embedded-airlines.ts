import type { OnApplicationShutdown } from '@nestjs/common';
import { AIRLINE_PROFILES } from './airline-profiles.js';
import { EmbeddedAirline } from './embedded-airline.js';

/** The APIs of eight airlines, in this process so that the example needs nothing but itself. */
export class EmbeddedAirlines implements OnApplicationShutdown {
  private constructor(readonly all: readonly EmbeddedAirline[]) {}

  /** @param seed whoever gives the same one gets the same flights and latencies */
  static async start(seed: number): Promise<EmbeddedAirlines> {
    return new EmbeddedAirlines(
      await Promise.all(AIRLINE_PROFILES.map((profile) => EmbeddedAirline.start(profile, seed))),
    );
  }

  find(code: string): EmbeddedAirline | undefined {
    return this.all.find(({ profile }) => profile.code === code);
  }

  onApplicationShutdown(): void {
    for (const airline of this.all) airline.close();
  }
}
