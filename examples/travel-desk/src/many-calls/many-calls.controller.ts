import { BadRequestException, Controller, Get, Query } from '@nestjs/common';
import { ApiBadGatewayResponse, ApiBadRequestResponse, ApiOkResponse, ApiOperation, ApiQuery } from '@nestjs/swagger';
import { upstreamFailure } from '../external-call/upstream-failure.js';
import { Problem } from '../problem.js';
import { EmbeddedUpstream } from '../upstream/embedded-upstream.js';
import { ManyCalls } from './many-calls.js';
import { ManyCallsService } from './many-calls.service.js';

const MAX_CALLS = 200;

@Controller('call-many')
export class ManyCallsController {
  constructor(
    private readonly calls: ManyCallsService,
    private readonly upstream: EmbeddedUpstream,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Fetches many pages at once, through one client or the wrong way' })
  @ApiQuery({
    name: 'n',
    required: false,
    example: 100,
    schema: { type: 'integer', minimum: 1, maximum: MAX_CALLS, default: 10 },
  })
  @ApiQuery({
    name: 'shared',
    required: false,
    schema: { type: 'boolean', default: true },
    description: 'false: a client per request. Compare socketsOpened when you repeat it.',
  })
  @ApiOkResponse({ type: ManyCalls })
  @ApiBadRequestResponse({ type: Problem, description: 'n or shared is out of range' })
  @ApiBadGatewayResponse({ type: Problem, description: 'The upstream failed' })
  async callMany(@Query('n') n: unknown, @Query('shared') shared: unknown): Promise<ManyCalls> {
    const count = parseCount(n);
    const useShared = parseShared(shared);
    try {
      return await (useShared ? this.calls.withSharedClient(count) : this.calls.withClientPerRequest(count));
    } catch (error) {
      throw upstreamFailure(error, this.upstream.url);
    }
  }
}

function parseCount(value: unknown = '10'): number {
  const count = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : 0;
  if (count < 1 || count > MAX_CALLS) {
    throw new BadRequestException(`n: expected a whole number from 1 to ${MAX_CALLS}`);
  }
  return count;
}

function parseShared(value: unknown = 'true'): boolean {
  if (value !== 'true' && value !== 'false') throw new BadRequestException('shared: expected true or false');
  return value === 'true';
}
