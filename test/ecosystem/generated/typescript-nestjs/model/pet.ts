export interface Pet {
  id?: number;
  name: string;
  tags?: Array<string>;
  status?: Pet.StatusEnum;
}
export namespace Pet {
  export type StatusEnum = 'available' | 'pending' | 'sold';
  export const StatusEnum = {
    Available: 'available' as StatusEnum,
    Pending: 'pending' as StatusEnum,
    Sold: 'sold' as StatusEnum,
  };
}
