// Every page: it answers, hydrates, is quiet, fits a phone and is accessible.
import { expect, test } from '../fixtures';
import { choose, fitsTheScreen, isAccessible } from '../look';

const PAGES = ['/', '/trade', '/trades', '/positions', '/decisions', '/models', '/performance', '/system', '/market'];

// Fast enough for the tables to fill while they are looked at.
test.use({ speed: '30' });

/** Pages that show what the bot did: they are looked at when it did something. */
const ROWS: Record<string, string> = { '/': 'main tr[data-id]', '/trade': 'main tr[data-id]', '/trades': 'main tr[data-id]', '/positions': 'main tr[data-id]', '/decisions': 'main li[data-id]' };

for (const path of PAGES) {
  test.describe(path, () => {
    test('answers, has one heading and hydrates without an error', async ({ page, open }) => {
      const response = await open(path);
      expect(response.status()).toBe(200);
      await expect(page.locator('h1')).toHaveCount(1);
    });

    test('does not scroll sideways on a phone', async ({ page, open }) => {
      await page.setViewportSize({ width: 375, height: 812 });
      await open(path);
      await fitsTheScreen(page);
    });

    for (const theme of ['dark', 'light'] as const) {
      test.describe(theme, () => {
        // A cell that flashes is between two colours: contrast is that of the colours at rest.
        test.use({ contextOptions: { reducedMotion: 'reduce' } });

        test('is accessible', async ({ page, open }) => {
          await open(path);
          await choose(page, theme);
          const rows = ROWS[path];
          if (rows) await expect(page.locator(rows).first()).toBeVisible();
          await isAccessible(page);
        });
      });
    }
  });
}

test('the theme is kept, and can follow the system', async ({ page, open }) => {
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  await open('/');
  const dark = await background();
  await choose(page, 'light');
  const light = await background();
  expect(light).not.toBe(dark);
  await open('/system');
  expect(await background(), 'after a reload').toBe(light);
  await choose(page, 'system');
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await background()).toBe(dark);
  await page.emulateMedia({ colorScheme: 'light' });
  expect(await background()).toBe(light);
});
