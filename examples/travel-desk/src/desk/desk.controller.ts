import { Controller, Get, type MessageEvent, SerializeOptions, Sse } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { Observable } from 'rxjs';
import { type DeskSnapshot, DeskSnapshotSchema } from './desk.dto.js';
import { DeskService } from './desk.service.js';

/** A watcher who does not read is let go, and comes back for a snapshot. */
const MAX_PENDING_CHARACTERS = 1024 * 1024;

@Controller('desk')
export class DeskController {
  constructor(private readonly desk: DeskService) {}

  @Get()
  @SerializeOptions({ schema: DeskSnapshotSchema })
  @ApiOperation({ summary: 'Airlines, endpoints, pools and circuit breakers' })
  @ApiOkResponse({ standardSchema: DeskSnapshotSchema, description: 'As things are now' })
  snapshot(): DeskSnapshot {
    return this.desk.snapshot();
  }

  @Sse('events', { maxPendingDataLength: MAX_PENDING_CHARACTERS })
  @ApiOperation({ summary: 'The same as event snapshot, then what changes of it' })
  @ApiOkResponse({ description: 'Server-sent events; see DeskEvents', content: { 'text/event-stream': {} } })
  events(): Observable<MessageEvent> {
    return this.desk.events();
  }
}
