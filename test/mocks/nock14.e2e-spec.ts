import { itIsMocked } from '../support/mocked-hosts.js';
import { nockMock } from '../support/nock.js';

itIsMocked(
  'nock 14',
  nockMock(() => import('nock14')),
);
