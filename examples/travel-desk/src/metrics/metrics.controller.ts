import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces } from '@nestjs/swagger';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { exporter } from './metrics.js';

@Controller('metrics')
export class MetricsController {
  @Get()
  @ApiOperation({ summary: 'Metrics of every outbound request, for Prometheus' })
  @ApiProduces('text/plain')
  @ApiOkResponse({ type: String, description: 'In the text format of Prometheus' })
  read(@Req() request: IncomingMessage, @Res() response: ServerResponse): void {
    exporter.getMetricsRequestHandler(request, response);
  }
}
