import { HttpService } from '@nestjs/axios';
import { Controller, Get, Inject, Module, Param } from '@nestjs/common';
import { HttpClientModule } from 'nest-outbound';

class WeatherController {
  constructor(http) {
    this.http = http;
  }

  async show(city) {
    return (await this.http.axiosRef.get('/forecast', { params: { city } })).data;
  }
}
const { prototype } = WeatherController;
Inject(HttpService)(WeatherController, undefined, 0);
Param('city')(prototype, 'show', 0);
Get(':city')(prototype, 'show', Object.getOwnPropertyDescriptor(prototype, 'show'));
Controller('weather')(WeatherController);

export class AppModule {}
Module({
  imports: [HttpClientModule.forRoot({ baseURL: 'https://api.example.com', resilience: { deadlineMs: 2_000 } })],
  controllers: [WeatherController],
})(AppModule);
