import { BadRequestException, Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery } from '@nestjs/swagger';
import { ApiProblem, ApiUpstreamFailures } from '../failures/problem.js';
import { ManyCalls } from './many-calls.js';
import { ManyCallsService } from './many-calls.service.js';

const MAX_CALLS = 200;
const COUNT_EXPECTED = `n: expected a whole number from 1 to ${MAX_CALLS}`;

@Controller('call-many')
export class ManyCallsController {
  constructor(private readonly calls: ManyCallsService) {}

  @Get()
  @ApiOperation({ summary: 'Fetches many pages at once, through one client or the wrong way' })
  // Decorators run from the last to the first: n is documented first.
  @ApiQuery({
    name: 'shared',
    required: false,
    schema: { type: 'boolean', default: true },
    description: 'false: a client per request. Run each twice and compare socketsOpened.',
  })
  @ApiQuery({
    name: 'n',
    required: false,
    schema: { type: 'integer', minimum: 1, maximum: MAX_CALLS, default: 10, example: 100 },
    description: 'How many pages',
  })
  @ApiOkResponse({ type: ManyCalls, description: 'All pages, and the sockets they took' })
  @ApiProblem(400, 'n or shared is out of range', COUNT_EXPECTED)
  @ApiUpstreamFailures()
  async callMany(@Query('n') n: unknown, @Query('shared') shared: unknown): Promise<ManyCalls> {
    const count = parseCount(n);
    const useShared = parseShared(shared);
    return useShared ? this.calls.withSharedClient(count) : this.calls.withClientPerRequest(count);
  }
}

function parseCount(value: unknown = '10'): number {
  const count = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : 0;
  if (count < 1 || count > MAX_CALLS) throw new BadRequestException(COUNT_EXPECTED);
  return count;
}

function parseShared(value: unknown = 'true'): boolean {
  if (value !== 'true' && value !== 'false') throw new BadRequestException('shared: expected true or false');
  return value === 'true';
}
