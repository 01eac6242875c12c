export interface ApiResponse {
  code?: number;
  message?: string;
}
