/** What the upstream answers and is sent: the same in every run. */

export const SMALL = {
  id: 4711,
  name: 'Ada Lovelace',
  email: 'ada@example.com',
  active: true,
  tags: ['mathematics', 'engines', 'poetry'],
  address: { street: '12 St James Square', city: 'London', country: 'GB' },
  score: 98.6,
};

/** About 100 KB as JSON. */
export const LARGE = Array.from({ length: 500 }, (_, index) => ({ ...SMALL, id: index, score: index * 1.5 }));

/** About 1 KB as JSON. */
export const ORDER = {
  customer: SMALL,
  lines: Array.from({ length: 12 }, (_, index) => ({
    sku: `item-${index}`,
    quantity: index + 1,
    price: 9.95,
    vat: 19,
  })),
};

export const STREAM_BYTES = 10 * 2 ** 20;
