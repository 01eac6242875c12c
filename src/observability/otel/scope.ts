/** Who makes the spans and the metrics. Without a version: as a label of every time series it would begin all anew with each release. */
export const SCOPE = 'nest-outbound';
