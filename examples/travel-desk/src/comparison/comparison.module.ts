import { Module } from '@nestjs/common';
import { ComparisonController } from './comparison.controller.js';
import { ComparisonService } from './comparison.service.js';

/** One client, or one per call: what both cost. */
@Module({ controllers: [ComparisonController], providers: [ComparisonService] })
export class ComparisonModule {}
