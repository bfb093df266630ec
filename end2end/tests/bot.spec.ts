// The example bot against a running server: what it reports is on its page at once, and once.
import type { Page } from '@playwright/test';
import { Bot, type Told } from '../bot';
import { SERVER_GONE, expect, test } from '../fixtures';
import { everyPage, idsOf } from '../rest';
import { idsIn, isLive } from '../watch';

const NAME = 'my-bot';
/** What is promised is a second; a loaded machine may take longer without the test being wrong. */
const SHOWN_WITHIN_MS = 3_000;

/** Waits for the item and says at which wall time it appeared. Ask before it is there. */
function appears(page: Page): Promise<(id: string) => Promise<number>> {
  return page.evaluate(() => {
    const times: Record<string, number> = {};
    const look = () => {
      for (const item of document.querySelectorAll('main [data-id]')) times[item.getAttribute('data-id') ?? ''] ??= Date.now();
    };
    look();
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributeFilter: ['data-id'] });
    Object.assign(window, { appeared: times });
  }).then(() => async (id: string) => {
    await expect(page.locator(`main [data-id="${id}"]`)).toHaveCount(1);
    const time = await page.evaluate((id) => (window as unknown as { appeared: Record<string, number> }).appeared[id], id);
    return time ?? Number.NaN;
  });
}

test('a decision and a fill are on its page within a second', async ({ page, context, open, server }) => {
  // So that there is such a bot when its pages are opened.
  await new Bot(server, NAME).ends();
  await open(`/decisions?bot=${NAME}`);
  const trades = await context.newPage();
  await trades.goto(`${server.url}/trades?bot=${NAME}`);
  await Promise.all([isLive(page), isLive(trades)]);
  const times: number[] = [];
  const shows = [await appears(page), await appears(trades)] as const;
  for (let round = 0; round < 5; round += 1) {
    const bot = new Bot(server, NAME);
    const { decision, fill, at } = await bot.tells();
    const took = [(await shows[0](decision)) - at, (await shows[1](fill)) - at];
    for (const ms of took) expect(ms, 'from before the post to the page, ms').toBeLessThan(SHOWN_WITHIN_MS);
    times.push(...took);
    expect(await bot.ends()).toBe('2 recorded, 0 known, 0 rejected');
  }
  console.log(`from the bot's post to its page: ${times.join(', ')} ms (decision, fill, …)`);
  await expect(trades.locator('main tr[data-id]').first()).toContainText('reported');
  // The switcher has it, and leads to it from elsewhere.
  await page.goto(server.url);
  await expect(page.locator('body[data-hydrated]')).toBeAttached();
  await page.locator('#bot').selectOption(NAME);
  await expect(page).toHaveURL(new RegExp(`bot=${NAME}`));
  await expect(page.locator('main .decisions [data-id]')).toHaveCount(6);
});

test('a page that waits for a bot shows it when it first reports', async ({ page, open, server }) => {
  await open('/decisions?bot=late-bot');
  await isLive(page);
  await expect(page.locator('.notice')).toContainText('There is no bot named late-bot');
  const shown = await appears(page);
  const bot = new Bot(server, 'late-bot');
  const { decision, at } = await bot.tells();
  const ms = (await shown(decision)) - at;
  await bot.ends();
  await expect(page.locator('.notice')).toHaveCount(0);
  console.log(`the first decision of a bot that nobody knew was shown after ${ms} ms`);
});

test('with the server down it tries again, and nothing is doubled', async ({ page, open, problems, server }) => {
  problems.allow(SERVER_GONE);
  await new Bot(server, NAME).ends();
  await open(`/trades?bot=${NAME}`);
  await isLive(page);
  const told: Told[] = [];
  const bots: Bot[] = [];
  // One that finds no server at all, and some whose post is under way when it dies.
  for (let n = 0; n < 3; n += 1) {
    const bot = new Bot(server, NAME);
    bots.push(bot);
    told.push(await bot.tells());
  }
  await server.kill();
  const alone = new Bot(server, NAME);
  bots.push(alone);
  await expect.poll(() => alone.lines.some((line) => line.includes('once more in'))).toBe(true);
  await server.start();
  const ends = await Promise.all(bots.map((bot) => bot.ends()));
  told.push(await alone.tells());
  // What was told before the crash and not answered is known already, or recorded now: never both.
  for (const end of ends) expect(end).toMatch(/^(2 recorded, 0 known|0 recorded, 2 known), 0 rejected$/);

  const fills = (await everyPage<{ id: string }>(server, '/v1/trades', NAME)).map(({ id }) => id);
  const decisions = (await everyPage<{ id: string }>(server, '/v1/decisions', NAME)).map(({ id }) => id);
  expect(fills).toHaveLength(5);
  expect(new Set(fills).size).toBe(5);
  for (const { fill, decision } of told) {
    expect(fills).toContain(fill);
    expect(decisions.filter((id) => id === decision)).toHaveLength(1);
  }
  await isLive(page, 15_000);
  await expect.poll(() => idsIn(page.locator('main'))).toEqual(idsOf(fills.map((id) => ({ id }))));
});
