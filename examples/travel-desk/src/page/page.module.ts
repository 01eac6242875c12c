import { Module } from '@nestjs/common';
import { DeskModule } from '../desk/desk.module.js';
import { AssetsController } from './assets.controller.js';
import { Assets } from './assets.js';
import { PageController } from './page.controller.js';

/** What people see. */
@Module({ imports: [DeskModule], controllers: [PageController, AssetsController], providers: [Assets] })
export class PageModule {}
