import { ApiProperty } from '@nestjs/swagger';
import type { SocketStats } from 'nest-outbound';

/** SocketStats as the OpenAPI document shows it. */
export class SocketStatsSchema implements SocketStats {
  @ApiProperty({ description: 'Sockets that carry a request, or connect for one' })
  active!: number;

  @ApiProperty({ description: 'Open sockets that wait for a request' })
  idle!: number;

  @ApiProperty({ description: 'Requests that wait for a socket' })
  queued!: number;

  @ApiProperty({ description: 'Sockets opened since the start' })
  created!: number;

  @ApiProperty({ description: 'Requests sent on a socket that had carried another before' })
  reused!: number;

  @ApiProperty({ description: 'Sockets closed, by either side' })
  closed!: number;

  @ApiProperty({ description: 'Sockets cut because a request ran out of time' })
  timedOut!: number;

  @ApiProperty({ description: 'Sockets that failed: refused, reset, bad TLS' })
  errors!: number;
}
