import { itIsMocked } from '../support/mocked-hosts.js';
import { nockMock } from '../support/nock.js';

itIsMocked(
  'nock 13',
  nockMock(() => import('nock13')),
);
