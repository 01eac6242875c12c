import { ApiProperty } from '@nestjs/swagger';

export class ExternalCall {
  @ApiProperty({
    description:
      "The upstream's body: its value where it is JSON, a string where it is other text, a data URL where it is binary.",
    oneOf: [
      { type: 'object' },
      { type: 'array', items: {} },
      { type: 'string' },
      { type: 'number' },
      { type: 'boolean' },
    ],
    nullable: true,
    example: { page: 1, destination: 'Amsterdam' },
  })
  result!: unknown;

  @ApiProperty({ type: 'integer', description: "The upstream's status, whatever it is.", example: 200 })
  status!: number;
}
