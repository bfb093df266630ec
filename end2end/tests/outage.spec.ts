// The server goes away and comes back: the page says so, loses nothing and shows nothing twice.
import type { Page } from '@playwright/test';
import { SERVER_GONE, expect, test } from '../fixtures';
import { everyPage, get, idsOf, post } from '../rest';
import type { Server } from '../server';
import { badge, field, idsIn, isLive, recordStates } from '../watch';

test.use({ speed: '60' });

test.beforeEach('the bot has traded; a page may complain of a server that is away', async ({ problems, server }) => {
  problems.allow(SERVER_GONE);
  await expect.poll(async () => (await get<unknown[]>(server, '/v1/trades')).body.length).toBeGreaterThan(2);
});

/** Delays at their bound: what is a chance otherwise is certain here. */
async function waitsAsLongAsItMay(page: Page): Promise<void> {
  await page.addInitScript(() => {
    Math.random = () => 0.999;
  });
}

async function isReconnecting(page: Page): Promise<void> {
  await expect(badge(page)).toHaveAttribute('data-state', 'reconnecting');
}

/** A market order of the built-in bot's account: a fill at a moment that the test chooses. */
async function buys(server: Server): Promise<void> {
  await post(server, '/v1/orders', { symbol: 'BTCUSDT', side: 'buy', type: 'market', quantity: '0.001' });
}

/** The table's trades are the server's newest, each once. */
async function showsTheNewestTrades(page: Page, server: Server): Promise<void> {
  const rows = page.locator('main');
  // A tab in the background paints late.
  await page.bringToFront();
  await expect
    .poll(async () => {
      const before = await idsIn(rows);
      const known = idsOf((await get<{ id: string }[]>(server, '/v1/trades?limit=100')).body);
      const after = await idsIn(rows);
      // While they were compared a trade may have come: then it is the next round that counts.
      return [before, after].some((shown) => shown.join() === known.join());
    }, 'the table equals REST')
    .toBe(true);
  const shown = await idsIn(rows);
  expect(new Set(shown).size, 'none twice').toBe(shown.length);
}

interface Logged {
  id: string;
  /** A decision comes again when it is judged. */
  outcome?: string;
}

const named = ({ id, outcome = '' }: Logged) => `${id} ${outcome}`;

/** Keeps all of a log that reaches the page, from where it stands now. */
async function collect(page: Page, topic: string): Promise<void> {
  await page.evaluate((topic) => {
    const pushed: unknown[] = [];
    window.plainsight.on(topic, (push) => pushed.push((push as { data: unknown }).data));
    Object.assign(window, { pushed, stood: window.plainsight.status().topics[topic]?.offset });
  }, topic);
}

/** What reached the page is what the server has: all of it, in order, each once. */
async function hasAllOf(page: Page, server: Server, path: '/v1/trades' | '/v1/decisions'): Promise<string[]> {
  await page.bringToFront();
  const reached = async () => (await page.evaluate(() => (window as unknown as { pushed: Logged[] }).pushed)).map(named);
  // The log counts from 1, so where the page stood is how many came before.
  const stood = await page.evaluate(() => (window as unknown as { stood: number }).stood);
  const all = (await everyPage<Logged>(server, path)).reverse().map(named).slice(stood);
  await expect.poll(async () => (await reached()).length, `${path} reached the page`).toBeGreaterThanOrEqual(all.length);
  const got = await reached();
  expect(got.slice(0, all.length), `${path}: every one, in order, once`).toEqual(all);
  expect(new Set(got).size).toBe(got.length);
  return all;
}

test.describe('with long delays', () => {
  test.use({ serverEnv: { PLAINSIGHT_CLIENT__BASE_MS: '3000', PLAINSIGHT_CLIENT__EARLY_CAP_MS: '6000' } });

  test('killed: it counts down, greys its values, and has all trades afterwards', async ({ page, context, open, server }) => {
    await waitsAsLongAsItMay(page);
    await open('/trades');
    await collect(page, 'trades:paper');
    await isLive(page);
    const decisions = await context.newPage();
    await waitsAsLongAsItMay(decisions);
    await decisions.goto(`${server.url}/decisions`);
    await expect(decisions.locator('body[data-hydrated]')).toBeAttached();
    await collect(decisions, 'decisions:paper');
    const overview = await context.newPage();
    await waitsAsLongAsItMay(overview);
    await recordStates(overview);
    await overview.goto(server.url);
    await Promise.all([isLive(decisions), isLive(overview)]);
    await showsTheNewestTrades(page, server);

    await server.kill();
    const equity = field(overview, 'portfolio.equity');
    for (const tab of [page, decisions, overview]) await isReconnecting(tab);
    const shown = await equity.innerText();
    const rows = await idsIn(page.locator('main'));
    // Tries at once, after 3 s and after 6 s.
    const text = badge(page);
    await expect(text).toContainText(/Reconnecting.*attempt 2, next in [1-3] s/);
    await expect(text).toContainText(/attempt 3, next in 6 s/, { timeout: 8_000 });
    await expect(text, 'it counts down').toContainText(/attempt 3, next in 5 s/);
    // What is known stays, greyed, with its age.
    await expect(equity).toHaveText(shown);
    await expect(equity).toHaveClass(/\bstale\b/);
    expect(await idsIn(page.locator('main'))).toEqual(rows);
    await expect(page.locator('main table').first()).toHaveClass(/\bstale\b/);
    await expect(overview.locator('.headline .age')).toHaveText(/^\d+ s ago$/);
    const colour = () => equity.evaluate((element) => getComputedStyle(element).color + getComputedStyle(element).opacity);
    const grey = await colour();

    await server.start();
    for (let n = 0; n < 3; n += 1) await buys(server);
    const meanwhile = idsOf((await get<{ id: string }[]>(server, '/v1/trades?limit=3')).body);
    await expect(text, 'the page was away while this happened').toHaveAttribute('data-state', 'reconnecting');

    for (const tab of [page, decisions, overview]) await isLive(tab, 15_000);
    await showsTheNewestTrades(page, server);
    const trades = await hasAllOf(page, server, '/v1/trades');
    for (const id of meanwhile) expect(trades).toContain(named({ id }));
    const kept = idsOf(await everyPage<Logged>(server, '/v1/trades'));
    for (const id of rows) expect(kept, 'what was seen before the crash is there').toContain(id);
    const made = await hasAllOf(decisions, server, '/v1/decisions');
    const listed = await idsIn(decisions.locator('.decisions'));
    expect(new Set(listed).size, 'decisions listed, none twice').toBe(listed.length);

    await overview.bringToFront();
    await expect(equity).not.toHaveClass(/\bstale\b/);
    expect(await colour(), 'greyed differs').not.toBe(grey);
    await expect(overview.locator('.headline .age')).toHaveCount(0);
    // A machine that is short of breath is late now and then, and the badge says so.
    const states = (await overview.evaluate(() => window.recordedStates)).filter((state) => state !== 'degraded');
    const told = states.filter((state, place) => state !== states[place - 1]);
    expect(told.slice(0, 4)).toEqual(['connecting', 'live', 'reconnecting', 'live']);
    console.log(`${trades.length} trades (${meanwhile.length} ordered while the page was away) and ${made.length} decisions reached the page once`);
  });
});

test('stopped and started: live again within two seconds of its return', async ({ page, open, server }) => {
  await open('/trades');
  await isLive(page);
  expect(await server.stop(), 'exit code').toBe(0);
  await isReconnecting(page);
  await server.start();
  const back = Date.now();
  await isLive(page);
  const took = Date.now() - back;
  expect(took).toBeLessThan(3_500);
  await showsTheNewestTrades(page, server);
  // Once more, now that the client has been through it.
  await server.restart();
  await isLive(page);
  await showsTheNewestTrades(page, server);
  expect(await page.evaluate(() => window.plainsight.status().stats.reconnects)).toBeGreaterThanOrEqual(2);
  console.log(`live ${took} ms after the server answered again`);
});

test('whoever comes first after a restart finds every figure', async ({ page, server }) => {
  await server.kill();
  await server.start();
  const response = await page.goto(server.url);
  const html = (await response?.text()) ?? '';
  expect(html).not.toContain('aria-busy');
  expect(html).toMatch(/data-field="portfolio.equity" data-value="\d/);
  for (const path of ['/v1/portfolio', '/v1/positions', '/v1/performance', '/v1/candles?symbol=BTCUSDT']) await get(server, path);
});

test.describe('with two attempts', () => {
  test.use({ serverEnv: { PLAINSIGHT_CLIENT__MAX_ATTEMPTS: '2', PLAINSIGHT_CLIENT__BASE_MS: '200' } });

  test('it gives up, says why, and tries again when it is asked to', async ({ page, open, server }) => {
    await recordStates(page);
    await open('/');
    await isLive(page);
    const equity = field(page, 'portfolio.equity');
    await server.kill();
    await expect(badge(page)).toHaveAttribute('data-state', 'offline');
    await expect(badge(page)).toContainText('the server is away');
    await expect(equity).toHaveClass(/\bstale\b/);
    const retry = badge(page).getByRole('button', { name: 'Retry' });
    await retry.click();
    await expect.poll(() => page.evaluate(() => window.recordedStates.filter((state) => state === 'offline').length)).toBe(2);
    await server.start();
    await retry.click();
    await isLive(page);
    await expect(retry).toHaveCount(0);
    await expect(equity).not.toHaveClass(/\bstale\b/);
  });
});
