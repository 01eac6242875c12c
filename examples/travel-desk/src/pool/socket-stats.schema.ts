import { ApiProperty } from '@nestjs/swagger';
import type { SocketStats } from 'nest-outbound';

/** SocketStats as the OpenAPI document shows it. */
export class SocketStatsSchema implements SocketStats {
  @ApiProperty({ type: 'integer', description: 'Sockets that carry a request, or connect for one', example: 0 })
  active!: number;

  @ApiProperty({ type: 'integer', description: 'Open sockets that wait for a request', example: 20 })
  idle!: number;

  @ApiProperty({ type: 'integer', description: 'Requests that wait for a socket', example: 0 })
  queued!: number;

  @ApiProperty({ type: 'integer', description: 'Sockets opened since the start', example: 20 })
  created!: number;

  @ApiProperty({
    type: 'integer',
    description: 'Requests sent on a socket that had carried another before',
    example: 80,
  })
  reused!: number;

  @ApiProperty({ type: 'integer', description: 'Sockets closed, by either side', example: 0 })
  closed!: number;

  @ApiProperty({ type: 'integer', description: 'Sockets cut because a request ran out of time', example: 0 })
  timedOut!: number;

  @ApiProperty({ type: 'integer', description: 'Sockets that failed: refused, reset, bad TLS', example: 0 })
  errors!: number;
}
