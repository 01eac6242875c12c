export * from './pet.service.js';
import { PetService } from './pet.service.js';
export const APIS = [PetService];
