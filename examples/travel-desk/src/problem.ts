import { ApiProperty } from '@nestjs/swagger';

/** The body that Nest gives an HttpException. */
export class Problem {
  @ApiProperty({ example: 400 })
  statusCode!: number;

  @ApiProperty({ example: 'url: expected one absolute http or https URL' })
  message!: string;

  @ApiProperty({ example: 'Bad Request' })
  error!: string;
}
