import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { type ConnectionPool, InjectConnectionPool, type PoolStats } from 'nest-outbound';
import { PoolStatsSchema } from './pool-stats.schema.js';

@Controller('pool')
export class PoolController {
  constructor(@InjectConnectionPool() private readonly pool: ConnectionPool) {}

  @Get()
  @ApiOperation({ summary: "The pool's sockets, in total and by origin" })
  @ApiOkResponse({ type: PoolStatsSchema, description: 'A snapshot' })
  stats(): PoolStats {
    return this.pool.stats();
  }
}
