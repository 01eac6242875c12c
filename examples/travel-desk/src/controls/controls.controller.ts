import {
  Controller,
  HttpCode,
  HttpStatus,
  NotFoundException,
  Param,
  Post,
  Res,
  SerializeOptions,
  UseGuards,
} from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiParam } from '@nestjs/swagger';
import type { ServerResponse } from 'node:http';
import {
  type AirlineAction,
  AirlineActionSchema,
  type AirlineView,
  AirlineViewSchema,
} from '../airlines/airlines.dto.js';
import { AirlinesService } from '../airlines/airlines.service.js';
import { type DrainView, DrainViewSchema } from '../desk/desk.dto.js';
import { DrainService } from '../drain/drain.service.js';
import { ApiProblem } from '../failures/problem.js';
import { checkedPipe } from '../validation/checked.pipe.js';
import { CROSS_ORIGIN_REFUSED, SameOriginGuard } from './same-origin.guard.js';

const NO_SUCH_AIRLINE = 'code: expected that of an airline; GET /desk lists them';

/** What a person may do to see what comes of it. */
@Controller('desk')
@UseGuards(SameOriginGuard)
export class ControlsController {
  constructor(
    private readonly airlines: AirlinesService,
    private readonly drain: DrainService,
  ) {}

  @Post('airlines/:code/:action')
  @HttpCode(HttpStatus.OK)
  @SerializeOptions({ schema: AirlineViewSchema })
  @ApiOperation({ summary: 'Breaks an airline, slows it, or restores it' })
  @ApiParam({ name: 'code', example: 'PO' })
  @ApiParam({ name: 'action', enum: AirlineActionSchema.options })
  @ApiOkResponse({ standardSchema: AirlineViewSchema, description: 'The airline as it is now' })
  @ApiProblem(400, 'there is no such action', AirlineActionSchema.message)
  @ApiProblem(403, 'asked for by a page of another origin', CROSS_ORIGIN_REFUSED)
  @ApiProblem(404, 'no airline has this code', NO_SUCH_AIRLINE)
  async change(
    @Param('code') code: string,
    @Param('action', { schema: AirlineActionSchema, pipes: [checkedPipe] }) action: AirlineAction,
  ): Promise<AirlineView> {
    const airline = await this.airlines.change(code, action);
    if (!airline) throw new NotFoundException(NO_SUCH_AIRLINE);
    return airline;
  }

  @Post('drain')
  @HttpCode(HttpStatus.ACCEPTED)
  @SerializeOptions({ schema: DrainViewSchema })
  @ApiOperation({ summary: 'Begins some slow calls, then ends the process as SIGTERM does' })
  @ApiAcceptedResponse({ standardSchema: DrainViewSchema, description: 'The drain begins after this answer' })
  @ApiProblem(403, 'asked for by a page of another origin', CROSS_ORIGIN_REFUSED)
  begin(@Res({ passthrough: true }) response: ServerResponse): DrainView {
    if (this.drain.prepare()) response.once('close', () => this.drain.terminate());
    return this.drain.view();
  }
}
