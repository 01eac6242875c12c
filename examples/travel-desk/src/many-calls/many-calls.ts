import { ApiProperty } from '@nestjs/swagger';

class Page {
  @ApiProperty({ example: 1 })
  page!: number;

  @ApiProperty({ example: 'Amsterdam' })
  destination!: string;
}

export class ManyCalls {
  @ApiProperty({ description: 'Whether one client made all calls, or each call a client of its own.' })
  shared!: boolean;

  @ApiProperty({ example: 42 })
  elapsedMs!: number;

  @ApiProperty({ description: 'Sockets that carried these calls, as the upstream counts them.', example: 10 })
  socketsUsed!: number;

  @ApiProperty({ description: 'Of those, the ones that carried no call before.', example: 0 })
  socketsOpened!: number;

  @ApiProperty({ type: [Page] })
  pages!: Page[];
}
