import type { OnApplicationShutdown } from '@nestjs/common';
import type { Behaviour } from '../../monitor/monitor.dto.js';
import { type EmbeddedServer, startServer } from '../embedded-server.js';
import { seededRandom, seedOf } from '../seeded-random.js';
import { expiredCertificate } from './expired-certificate.js';
import { healthAnswer } from './health-answer.js';

export interface EmbeddedEndpoint {
  readonly id: string;
  readonly behaviour: Behaviour;
}

/** Health endpoints of other people's services, in this process so that the example needs nothing but itself. */
export class EmbeddedHealth implements OnApplicationShutdown {
  private constructor(
    /** id → address of the endpoint */
    readonly urls: ReadonlyMap<string, string>,
    /** The certificate of those whose TLS has expired: who trusts it finds that it has, and nothing else wrong with it. */
    readonly certificate: string | undefined,
    private readonly servers: readonly EmbeddedServer[],
  ) {}

  /** `/health` of an origin of its own for each. */
  static async start(endpoints: readonly EmbeddedEndpoint[], seed: number): Promise<EmbeddedHealth> {
    const tls = endpoints.some(({ behaviour }) => behaviour === 'expired-tls') ? await expiredCertificate() : undefined;
    const servers: EmbeddedServer[] = [];
    const origin = async ({ id, behaviour }: EmbeddedEndpoint, index: number): Promise<string> => {
      // Nobody listens on the first ports of a machine, nor is one of them ever given out as a free one.
      if (behaviour === 'dead') return `http://127.0.0.1:${1 + index}`;
      const answer = healthAnswer(behaviour, seededRandom(seed + seedOf(id)));
      const server = await startServer(answer, behaviour === 'expired-tls' ? tls : undefined);
      servers.push(server);
      return server.origin;
    };
    const urls = await Promise.all(
      endpoints.map(async (endpoint, index) => [endpoint.id, `${await origin(endpoint, index)}/health`] as const),
    );
    return new EmbeddedHealth(new Map(urls), tls?.cert, servers);
  }

  onApplicationShutdown(): void {
    for (const server of this.servers) server.close();
  }
}
