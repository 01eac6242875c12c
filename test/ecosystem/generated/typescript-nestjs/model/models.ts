export * from './api-response.js';
export * from './pet.js';
