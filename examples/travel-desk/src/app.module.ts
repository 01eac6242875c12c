import { type DynamicModule, Module, StandardSchemaSerializerInterceptor } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { HttpClientExceptionFilter, HttpClientModule } from 'nest-outbound';
import { ComparisonModule } from './comparison/comparison.module.js';
import { ExternalCallController } from './external-call/external-call.controller.js';
import { FaresModule } from './fares/fares.module.js';
import { HealthController } from './health/health.controller.js';
import { ManyCallsController } from './many-calls/many-calls.controller.js';
import { ManyCallsService } from './many-calls/many-calls.service.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { MonitorModule } from './monitor/monitor.module.js';
import { PageModule } from './page/page.module.js';
import { PoolController } from './pool/pool.controller.js';
import type { Settings } from './settings/schema.js';
import { SettingsModule } from './settings/settings.module.js';
import { DRAIN_MS } from './settings/times.js';
import { ClosingConnections } from './shutdown/closing-connections.js';
import { UpstreamsModule } from './upstreams/upstreams.module.js';

@Module({})
export class AppModule {
  static with(settings: Settings): DynamicModule {
    const { upstreamPort, allowedPorts = upstreamPort === 0 ? false : [80, 443, upstreamPort] } = settings;
    const { attemptMs, engine } = settings;
    return {
      module: AppModule,
      imports: [
        SettingsModule.with(settings),
        UpstreamsModule,
        HttpClientModule.forRoot({
          headers: { 'user-agent': 'travel-desk' },
          timeouts: { attemptMs },
          engine,
          pool: { idleMs: 30_000 }, // for as long as it takes to compare two runs by hand
          shutdown: { drainMs: DRAIN_MS },
          inbound: true,
          logging: { repeatAfterMs: 60_000 }, // the monitor finds the same ones dead in each round
          // /call-external takes any URL: of what is not public, it may call the embedded upstream.
          guard: { allowHosts: ['127.0.0.1'], allowPorts: allowedPorts },
        }),
        TerminusModule.forRoot({ logger: false }),
        MonitorModule.with(settings),
        FaresModule,
        ComparisonModule,
        PageModule,
      ],
      controllers: [HealthController, MetricsController, ExternalCallController, ManyCallsController, PoolController],
      providers: [
        ManyCallsService,
        { provide: APP_FILTER, useClass: HttpClientExceptionFilter },
        { provide: APP_INTERCEPTOR, useClass: StandardSchemaSerializerInterceptor },
        ClosingConnections,
      ],
    };
  }
}
