import { Controller, Get } from '@nestjs/common';
import { HealthCheck, type HealthCheckResult, HealthCheckService } from '@nestjs/terminus';
import { ApiOperation } from '@nestjs/swagger';
import { HttpClientHealthIndicator } from 'nest-outbound';

@Controller()
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly outbound: HttpClientHealthIndicator,
  ) {}

  /** Liveness: would a restart help? It heals no upstream, so none is asked. */
  @Get('health')
  @ApiOperation({ summary: 'Whether the process works' })
  @HealthCheck()
  alive(): Promise<HealthCheckResult> {
    return this.health.check([]);
  }

  /** Readiness: should this instance get requests? Not once it drains. */
  @Get('ready')
  @ApiOperation({ summary: 'Whether it takes requests: not once it drains' })
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.health.check([() => this.outbound.ready()]);
  }
}
