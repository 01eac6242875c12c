import { HttpClientModule } from '../../src/index.js';

/** @param folder with the client's certificate and key, and the CA of the server */
export const bank = (baseURL: string, folder: string) =>
  HttpClientModule.forFeature({
    name: 'bank',
    baseURL,
    tls: {
      files: {
        cert: `${folder}/cert.pem`,
        key: `${folder}/key.pem`,
        ca: `${folder}/ca.pem`, // leave it out for a public CA
      },
      watch: true, // follows the rotation of the files
    },
  });
