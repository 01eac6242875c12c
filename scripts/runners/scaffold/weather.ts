import { HttpService } from '@nestjs/axios';
import { Controller, Get, Module, Param } from '@nestjs/common';
import { HttpClientModule } from 'nest-outbound';

@Controller('weather')
export class WeatherController {
  constructor(private readonly http: HttpService) {}

  @Get(':city')
  async show(@Param('city') city: string): Promise<unknown> {
    return (await this.http.axiosRef.get('/forecast', { params: { city } })).data;
  }
}

@Module({
  imports: [HttpClientModule.forRoot({ baseURL: 'https://api.example.com', resilience: { deadlineMs: 2_000 } })],
  controllers: [WeatherController],
})
export class AppModule {}
