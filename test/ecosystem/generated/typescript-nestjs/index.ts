export * from './api/api.js';
export * from './model/models.js';
export * from './variables.js';
export * from './configuration.js';
export * from './api.module.js';
