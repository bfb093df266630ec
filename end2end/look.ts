// How a page looks to those who read it: its theme, its width, what axe finds.
import { AxeBuilder } from '@axe-core/playwright';
import { type Page, expect } from '@playwright/test';

export type Theme = 'dark' | 'light' | 'system';

/** Turns the switch until it says `theme`. */
export async function choose(page: Page, theme: Theme): Promise<void> {
  const html = page.locator('html');
  for (let turns = 0; turns < 3 && (await html.getAttribute('data-theme')) !== theme; turns += 1) {
    await page.locator('[data-switch="theme"]').click();
  }
  await expect(html).toHaveAttribute('data-theme', theme);
}

/** Nothing on the page keeps anybody from reading it. */
export async function isAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa']).analyze();
  const found = violations.map(({ id, help, nodes }) => ({ id, help, at: nodes.map(({ target }) => target.join(' ')) }));
  expect(found, page.url()).toEqual([]);
}

/** The page does not scroll sideways; if it does, the elements that stick out are named. */
export async function fitsTheScreen(page: Page): Promise<void> {
  // Without its styles it has another width.
  await page.waitForLoadState('load');
  expect(await page.evaluate(whatIsTooWide), page.url()).toEqual([]);
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
