import { describe, expect, it, vi } from 'vitest';
import { findChromium } from './support/browser.js';

describe('a machine without Chromium', () => {
  const nowhere = () => false;

  it('is told how to get it, and skips', () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue(undefined);
    expect(findChromium({}, nowhere)).toBeUndefined();
    expect(warn.mock.lastCall![0]).toContain('apt-get install chromium');
    warn.mockRestore();
  });

  it('does not skip where it is one of CI', () => {
    expect(() => findChromium({ CI: 'true' }, nowhere)).toThrow('apt-get install chromium');
  });

  it('does not skip where somebody has said where Chromium is', () => {
    expect(() => findChromium({ CHROMIUM_PATH: '/opt/it' }, nowhere)).toThrow('CHROMIUM_PATH: there is no /opt/it');
    expect(findChromium({ CHROMIUM_PATH: '/opt/it' }, () => true)).toBe('/opt/it');
  });
});
