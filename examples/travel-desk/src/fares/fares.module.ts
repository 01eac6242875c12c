import { Module } from '@nestjs/common';
import { AirlinesModule } from '../airlines/airlines.module.js';
import { FareSearchService } from './fare-search.service.js';
import { FaresController } from './fares.controller.js';

@Module({ imports: [AirlinesModule], controllers: [FaresController], providers: [FareSearchService] })
export class FaresModule {}
