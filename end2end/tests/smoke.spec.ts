// Every page: it answers, hydrates, is quiet, fits a phone and is accessible.
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test } from '../fixtures';

const PAGES = ['/', '/trades', '/positions', '/decisions', '/performance', '/system', '/market'];

// Fast enough for the tables to fill while they are looked at.
test.use({ speed: '20' });

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
      expect(await page.evaluate(whatIsTooWide)).toEqual([]);
    });

    for (const colorScheme of ['dark', 'light'] as const) {
      test.describe(colorScheme, () => {
        // A cell that flashes is between two colours: contrast is that of the colours at rest.
        test.use({ colorScheme, contextOptions: { reducedMotion: 'reduce' } });

        test('is accessible', async ({ page, open }) => {
          await open(path);
          const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa']).analyze();
          const found = violations.map(({ id, help, nodes }) => ({ id, help, at: nodes.map(({ target }) => target.join(' ')) }));
          expect(found).toEqual([]);
        });
      });
    }
  });
}

/** In the page: nothing if it does not scroll sideways, else by how much and the elements that stick out. */
function whatIsTooWide(): string[] {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  const wide = [...document.querySelectorAll('body *')].filter(
    (element) => element.getBoundingClientRect().right > clientWidth,
  );
  const names = wide.slice(0, 10).map((element) => `${element.tagName.toLowerCase()}.${element.classList.value}`);
  return [`${scrollWidth} px wide in ${clientWidth} px`, ...names];
}
