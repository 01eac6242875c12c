import { crc32, deflateSync } from 'node:zlib';

const MAX_COLOURS = 256;
/** So many of the most frequent colours, those of surfaces and of letters, stay exactly what they are. */
const EXACT_COLOURS = 64;
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/**
 * The same picture with a palette, a third of its size: a page has few colours, but for the edges of its letters.
 * @param {import('playwright-core').Browser} browser that reads the pixels
 * @param {Buffer} png
 */
export async function palettePng(browser, png) {
  const { width, height, data } = await pixelsOf(browser, png);
  const pixels = Buffer.from(data, 'base64');
  const palette = paletteOf(pixels);
  const rows = Buffer.alloc((width + 1) * height); // each begins with its filter: none
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rows[y * (width + 1) + x + 1] = palette.indexOf(pixels, 4 * (y * width + x));
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3], 8); // 8 bits for each pixel, which are an index into the palette
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', palette.bytes),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

async function pixelsOf(browser, png) {
  const page = await browser.newPage();
  try {
    return await page.evaluate(async (base64) => {
      const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob());
      const { width, height } = image;
      const context = new OffscreenCanvas(width, height).getContext('2d');
      context.drawImage(image, 0, 0);
      const { data } = context.getImageData(0, 0, width, height);
      let text = '';
      for (let start = 0; start < data.length; start += 32_768) {
        text += String.fromCharCode(...data.subarray(start, start + 32_768));
      }
      return { width, height, data: btoa(text) };
    }, png.toString('base64'));
  } finally {
    await page.close();
  }
}

/** Of the rest, those that are nearly the same become the one of them that occurs most: nearly enough for the palette. */
function paletteOf(pixels) {
  const counts = new Map();
  for (let at = 0; at < pixels.length; at += 4) {
    const colour = pixels.readUIntBE(at, 3);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const colours = [...counts].toSorted((one, other) => other[1] - one[1]).map(([colour]) => colour);
  for (let bits = 8; ; bits--) {
    const kept = new Map(); // all that are alike in their first bits → the index of the first of them
    const bytes = [];
    const indices = new Map(
      colours.map((colour, place) => {
        const first = [16, 8, 0].map((shift) => ((colour >> shift) & 0xff) >> (8 - bits)).join();
        const alike = place < EXACT_COLOURS ? colour : first;
        if (!kept.has(alike)) {
          kept.set(alike, kept.size);
          bytes.push(colour >> 16, (colour >> 8) & 0xff, colour & 0xff);
        }
        return [colour, kept.get(alike)];
      }),
    );
    if (kept.size <= MAX_COLOURS) {
      return { bytes: Buffer.from(bytes), indexOf: (all, at) => indices.get(all.readUIntBE(at, 3)) };
    }
  }
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(body.length + 8);
  frame.writeUInt32BE(data.length, 0);
  body.copy(frame, 4);
  frame.writeUInt32BE(crc32(body), body.length + 4);
  return frame;
}
