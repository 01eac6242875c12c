import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { HttpClientExceptionFilter, HttpClientModule } from 'nest-outbound';
import { ExternalCallController } from './external-call/external-call.controller.js';
import { HomeController } from './home.controller.js';
import { ManyCallsController } from './many-calls/many-calls.controller.js';
import { ManyCallsService } from './many-calls/many-calls.service.js';
import { PoolController } from './pool/pool.controller.js';
import { DRAIN_MS, type Settings } from './settings.js';
import { ClosingConnections } from './shutdown/closing-connections.js';
import { EmbeddedUpstream } from './upstream/embedded-upstream.js';

@Module({})
export class AppModule {
  static with({ upstreamPort, allowedPorts, attemptMs }: Settings): DynamicModule {
    return {
      module: AppModule,
      imports: [
        HttpClientModule.forRoot({
          headers: { 'user-agent': 'travel-desk' },
          timeouts: { attemptMs },
          pool: { idleMs: 30_000 }, // for as long as it takes to compare two runs by hand
          shutdown: { drainMs: DRAIN_MS },
          inbound: true,
          // /call-external takes any URL: of what is not public, it may call the embedded upstream.
          guard: { allowHosts: ['127.0.0.1'], allowPorts: allowedPorts },
        }),
      ],
      controllers: [HomeController, ExternalCallController, ManyCallsController, PoolController],
      providers: [
        ManyCallsService,
        { provide: APP_FILTER, useClass: HttpClientExceptionFilter },
        ClosingConnections,
        { provide: EmbeddedUpstream, useFactory: () => new EmbeddedUpstream(upstreamPort) },
      ],
    };
  }
}
