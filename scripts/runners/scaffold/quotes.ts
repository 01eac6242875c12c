import { HttpModule, HttpService } from '@nestjs/axios';
import { Injectable, Module } from '@nestjs/common';
import { firstValueFrom } from 'rxjs';

@Injectable()
export class QuotesService {
  constructor(private readonly http: HttpService) {}

  async quote(): Promise<string> {
    return (await firstValueFrom(this.http.get<{ text: string }>('/quote'))).data.text;
  }
}

@Module({
  imports: [HttpModule.register({ baseURL: 'https://quotes.example.com' })],
  providers: [QuotesService],
  exports: [QuotesService],
})
export class QuotesModule {}
