import { Controller, Get, type MessageEvent, Query, SerializeOptions, Sse } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { Observable } from 'rxjs';
import { ApiProblem } from '../failures/problem.js';
import { checkedPipe } from '../validation/checked.pipe.js';
import { FareSearchService } from './fare-search.service.js';
import {
  type FareQuery,
  FareQuerySchema,
  type FareSearch,
  FareSearchSchema,
  type FareStreamEvents,
} from './fares.dto.js';

const BAD_QUERY = 'from: expected one IATA code of an airport, as AMS; date: expected one date, as 2026-03-01';

@Controller('fares')
export class FaresController {
  constructor(private readonly fares: FareSearchService) {}

  @Get()
  @SerializeOptions({ schema: FareSearchSchema })
  @ApiOperation({ summary: 'Asks eight airlines under one deadline: what came, and why the rest did not' })
  @ApiOkResponse({ standardSchema: FareSearchSchema, description: 'Whatever came, even if it is nothing' })
  @ApiProblem(400, 'from, to or date is missing, given twice, or none', BAD_QUERY)
  search(@Query({ schema: FareQuerySchema, pipes: [checkedPipe] }) query: FareQuery): Promise<FareSearch> {
    return this.fares.search(query);
  }

  @Sse('stream')
  @ApiOperation({ summary: 'The same, one airline at a time: events fare and missing, then done' })
  @ApiOkResponse({ description: 'Server-sent events; see FareStreamEvents', content: { 'text/event-stream': {} } })
  @ApiProblem(400, 'from, to or date is missing, given twice, or none', BAD_QUERY)
  stream(@Query({ schema: FareQuerySchema, pipes: [checkedPipe] }) query: FareQuery): Observable<MessageEvent> {
    return new Observable((subscriber) => {
      const controller = new AbortController();
      const send = <Type extends keyof FareStreamEvents>(type: Type, data: FareStreamEvents[Type]) =>
        subscriber.next({ type, data });
      const listener = {
        onFares: (fares: FareStreamEvents['fare']) => send('fare', fares),
        onMissing: (missing: FareStreamEvents['missing']) => send('missing', missing),
      };
      this.fares.search(query, listener, controller.signal).then(
        ({ fares, missing: _missing, ...outcome }) => {
          send('done', { ...outcome, cheapest: fares[0] ?? null });
          subscriber.complete();
        },
        (error: unknown) => subscriber.error(error),
      );
      return () => controller.abort();
    });
  }
}
