import { Controller, Get, NotFoundException, Param, SerializeOptions } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam } from '@nestjs/swagger';
import { ApiProblem } from '../failures/problem.js';
import { type EndpointDetail, EndpointDetailSchema, type MonitorView, MonitorViewSchema } from './monitor.dto.js';
import { MonitorService } from './monitor.service.js';

const NO_SUCH_ENDPOINT = 'id: expected that of an endpoint; GET /monitor lists them';

@Controller('monitor')
export class MonitorController {
  constructor(private readonly monitor: MonitorService) {}

  @Get()
  @SerializeOptions({ schema: MonitorViewSchema })
  @ApiOperation({ summary: 'Every endpoint, and how its last ping went' })
  @ApiOkResponse({ standardSchema: MonitorViewSchema, description: 'As things are now' })
  all(): MonitorView {
    return { ...this.monitor.summary(), endpoints: this.monitor.views() };
  }

  @Get(':id')
  @SerializeOptions({ schema: EndpointDetailSchema })
  @ApiOperation({ summary: 'One endpoint with its last pings' })
  @ApiParam({ name: 'id', example: 'flapping-1' })
  @ApiOkResponse({ standardSchema: EndpointDetailSchema, description: 'As things are now' })
  @ApiProblem(404, 'no endpoint has this id', NO_SUCH_ENDPOINT)
  one(@Param('id') id: string): EndpointDetail {
    const detail = this.monitor.detail(id);
    if (!detail) throw new NotFoundException(NO_SUCH_ENDPOINT);
    return detail;
  }
}
