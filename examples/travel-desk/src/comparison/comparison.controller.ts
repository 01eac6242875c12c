import { Controller, HttpCode, HttpStatus, Post, Query, SerializeOptions, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { CROSS_ORIGIN_REFUSED, SameOriginGuard } from '../controls/same-origin.guard.js';
import { ApiProblem } from '../failures/problem.js';
import { checkedPipe } from '../validation/checked.pipe.js';
import { type Comparison, type ComparisonQuery, ComparisonQuerySchema, ComparisonSchema } from './comparison.dto.js';
import { ComparisonService, SHUTTING_DOWN, UNDER_WAY } from './comparison.service.js';

@Controller('comparison')
@UseGuards(SameOriginGuard)
export class ComparisonController {
  constructor(private readonly comparisons: ComparisonService) {}

  @Post()
  @HttpCode(HttpStatus.OK)
  @SerializeOptions({ schema: ComparisonSchema })
  @ApiOperation({
    summary: 'Makes the same calls over TLS through one client, and through a client for each: what both cost',
  })
  @ApiOkResponse({ standardSchema: ComparisonSchema, description: 'What was measured just now, within a few seconds' })
  @ApiProblem(400, 'roundTripMs or calls is out of range', 'calls: expected a whole number from 1 to 200')
  @ApiProblem(403, 'asked for by a page of another origin', CROSS_ORIGIN_REFUSED)
  @ApiProblem(409, 'one is under way', UNDER_WAY)
  @ApiProblem(503, 'the app shuts down, or the comparison broke off', SHUTTING_DOWN)
  compare(@Query({ schema: ComparisonQuerySchema, pipes: [checkedPipe] }) query: ComparisonQuery): Promise<Comparison> {
    return this.comparisons.run(query);
  }
}
