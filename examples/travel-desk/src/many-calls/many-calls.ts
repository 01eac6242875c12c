import { ApiProperty } from '@nestjs/swagger';

class Page {
  @ApiProperty({ type: 'integer', example: 1 })
  page!: number;

  @ApiProperty({ example: 'Amsterdam' })
  destination!: string;
}

export class ManyCalls {
  @ApiProperty({ example: true, description: 'Whether one client made all calls, or each call a client of its own.' })
  shared!: boolean;

  @ApiProperty({ type: 'integer', example: 180, description: 'From the first call to the last answer' })
  elapsedMs!: number;

  @ApiProperty({
    type: 'integer',
    description: 'Sockets that carried these calls, as the upstream counts them.',
    example: 20,
  })
  socketsUsed!: number;

  @ApiProperty({ type: 'integer', description: 'Of those, the ones that carried no call before.', example: 0 })
  socketsOpened!: number;

  @ApiProperty({ type: [Page] })
  pages!: Page[];
}
