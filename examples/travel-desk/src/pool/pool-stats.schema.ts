import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import type { PoolState, PoolStats } from 'nest-outbound';
import { SocketStatsSchema } from './socket-stats.schema.js';

/** PoolStats as the OpenAPI document shows it. */
@ApiExtraModels(SocketStatsSchema)
export class PoolStatsSchema implements PoolStats {
  @ApiProperty({ description: 'Tells pools apart in the log', example: '5e1f09b2' })
  id!: string;

  @ApiProperty({ enum: ['open', 'draining', 'closed'] })
  state!: PoolState;

  @ApiProperty({ type: 'integer', description: 'Calls whose response body has not ended', example: 0 })
  inFlight!: number;

  @ApiProperty({ description: 'All origins together' })
  total!: SocketStatsSchema;

  @ApiProperty({
    type: 'object',
    description: 'Origin → its sockets',
    additionalProperties: { $ref: getSchemaPath(SocketStatsSchema) },
  })
  origins!: Record<string, SocketStatsSchema>;
}
