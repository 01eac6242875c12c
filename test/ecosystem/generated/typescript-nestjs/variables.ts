export const BASE_PATH = 'basePath';
export const COLLECTION_FORMATS = { csv: ',', tsv: '   ', ssv: ' ', pipes: '|' };
