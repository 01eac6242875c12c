import { Controller, Get } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, getSchemaPath } from '@nestjs/swagger';
import { type ConnectionPool, InjectConnectionPool, type PoolStats } from 'nest-outbound';
import { SocketStatsSchema } from './socket-stats.schema.js';

@Controller('pool')
export class PoolController {
  constructor(@InjectConnectionPool() private readonly pool: ConnectionPool) {}

  @Get()
  @ApiOperation({ summary: "The pool's sockets, in total and by origin" })
  @ApiExtraModels(SocketStatsSchema)
  @ApiOkResponse({
    schema: {
      type: 'object',
      properties: {
        id: { type: 'string', example: '5e1f09b2' },
        state: { enum: ['open', 'draining', 'closed'] },
        inFlight: { type: 'integer', description: 'Calls whose response body has not ended' },
        total: { $ref: getSchemaPath(SocketStatsSchema) },
        origins: { type: 'object', additionalProperties: { $ref: getSchemaPath(SocketStatsSchema) } },
      },
    },
  })
  stats(): PoolStats {
    return this.pool.stats();
  }
}
