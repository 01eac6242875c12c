import { itIsMocked } from '../support/mocked-hosts.js';
import { nockMock } from '../support/nock.js';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
/** What its package.json asks for. */
const isSupported = major > 22 || (major === 22 && minor >= 20);

itIsMocked(
  'nock 15',
  nockMock(() => import('nock15')),
  isSupported,
);
