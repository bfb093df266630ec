// Trading in the browser: a bracket from ticket to exit, moving stops, changes, cancels, the kill
// switch, and mistakes that never leave the page.
import type { Page } from '@playwright/test';
import { SERVER_GONE, expect, test } from '../fixtures';
import { type Order, get, post } from '../rest';
import { isLive } from '../watch';

// The agent's own orders would stand between ours.
test.use({ speed: '30', serverEnv: { PLAINSIGHT_AGENT__ENABLED: 'false' } });

test.beforeEach('the market has begun', async ({ server }) => {
  await expect.poll(async () => (await fetch(`${server.url}/v1/candles?symbol=BTCUSDT`)).status).toBe(200);
});

const row = (page: Page, id: string) => page.locator('.trade-page [aria-label="Open orders"] tr[data-id="' + id + '"]');
const states = (page: Page, id: string) => page.locator('[aria-label="Order history"] tr[data-id="' + id + '"]');

async function price(page: Page): Promise<number> {
  return Number(await page.locator('[data-field="ticker.last"]').getAttribute('data-value'));
}

async function choose(page: Page, side: 'Buy' | 'Sell', kind: string): Promise<void> {
  await page.locator('.sides label', { hasText: side }).click();
  await page.locator('.kinds label').filter({ hasText: new RegExp(`^${kind}$`) }).click();
}

/** Sends the ticket and gives the ids of what it placed. */
async function place(page: Page): Promise<string[]> {
  await page.getByRole('button', { name: 'Place order' }).click();
  await expect(page.locator('.placed')).toContainText('Placed');
  return page.locator('.placed [data-order]').evaluateAll((links) => links.map((link) => link.getAttribute('data-order') ?? ''));
}

/** Counts what the page posts, checks apart. */
function posts(page: Page): string[] {
  const sent: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST' && !request.url().includes('/check')) sent.push(request.url());
  });
  return sent;
}

test('a bracket fills, its legs appear, and one of them ends it', async ({ page, open, server }) => {
  await open('/trade');
  await isLive(page);
  await choose(page, 'Buy', 'Market');
  await page.getByLabel('Quantity').fill('0.1');
  await page.locator('.bracket summary').click();
  const now = await price(page);
  await page.getByLabel('Take profit').fill((now * 1.002).toFixed(2));
  await page.getByLabel('Stop loss').fill((now * 0.998).toFixed(2));
  await expect(page.locator('.check')).toHaveAttribute('data-check', 'good');
  await expect(page.locator('[data-field="check.fee"]')).toHaveText(/^\d/);
  const [entry = '', ...legs] = await place(page);
  expect(legs, 'a take profit and a stop loss').toHaveLength(2);
  await expect(states(page, entry).filter({ hasText: 'filled' }).first()).toBeVisible();
  for (const leg of legs) await expect(states(page, leg).filter({ hasText: 'accepted' }).first()).toBeVisible();

  // The market decides which; it goes out of the open orders by itself.
  const ends = async () => {
    const orders = await Promise.all(legs.map(async (id) => (await get<{ order: Order }>(server, `/v1/orders/${id}`)).body.order.status));
    return orders.sort().join();
  };
  await expect.poll(ends, { timeout: 90_000, intervals: [250] }).toBe('cancelled,filled');
  for (const leg of legs) await expect(row(page, leg)).toHaveCount(0);
  for (const [leg, status] of [...legs.entries()].map(([, id]) => [id, /filled|cancelled/] as const)) {
    await expect(states(page, leg).first()).toContainText(status);
  }
  await page.locator('.placed [data-order]').first().click();
  await expect(page.locator('.story')).toContainText('0.1 of 0.1 was filled');
  await expect(page.locator('.story .states').last()).toContainText('Rests on:');
});

test('a trailing stop moves live, is changed and cancelled', async ({ page, open, server }) => {
  await post(server, '/v1/orders', { symbol: 'BTCUSDT', side: 'buy', type: 'market', quantity: '0.1' });
  await open('/trade');
  await isLive(page);
  await choose(page, 'Sell', 'Trailing');
  await page.getByLabel('Quantity').fill('0.05');
  await page.getByLabel('Trail by %').fill('5');
  await page.getByLabel(/Reduce only/).check();
  const [id = ''] = await place(page);
  const trigger = row(page, id).locator('td').nth(7);
  await expect(trigger).toHaveAttribute('data-value', /\d/);
  const first = Number(await trigger.getAttribute('data-value'));
  // A sell stop follows upwards only.
  await expect.poll(async () => Number(await trigger.getAttribute('data-value')), { timeout: 60_000 }).toBeGreaterThan(first);
  const moved = Number(await trigger.getAttribute('data-value'));

  await row(page, id).getByRole('link', { name: /Amend/ }).click();
  await page.locator('#amend-trail_percent').fill('0');
  await page.getByRole('button', { name: 'Change it' }).click();
  await expect(page.locator('#amend-trail_percent-error')).toHaveText('trail_percent must be greater than zero');
  await page.locator('#amend-trail_percent').fill('4');
  await page.getByRole('button', { name: 'Change it' }).click();
  await expect(page.locator('.amend')).toContainText('Changed.');
  await expect.poll(async () => Number(await trigger.getAttribute('data-value'))).toBeGreaterThan(moved * 1.005);

  await row(page, id).getByRole('link', { name: /Why/ }).click();
  await expect(page.locator('.explanation')).toContainText('It goes to work when the price falls to');
  await row(page, id).getByRole('button', { name: `Cancel ${id}` }).click();
  await expect(row(page, id)).toHaveCount(0);
  await expect(states(page, id).first()).toContainText('cancelled by the client');
  await expect(page.locator('.explanation')).toContainText('It was cancelled');
});

test('a mistake is said beside its field and nothing is sent', async ({ page, open, server }) => {
  await open('/trade');
  await isLive(page);
  const sent = posts(page);
  const send = () => page.getByRole('button', { name: 'Place order' }).click();
  const said = (name: string) => page.locator(`#ticket-${name}-error`);
  await page.getByLabel('Quantity').fill('-3');
  await send();
  await expect(said('quantity')).toHaveText('quantity must be greater than zero');
  await expect(page.getByLabel('Quantity')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Quantity')).toBeFocused();
  await page.getByLabel('Quantity').fill('0.01');
  await expect(said('quantity')).toBeEmpty();
  await choose(page, 'Buy', 'Limit');
  await send();
  await expect(said('price')).toHaveText('price is needed');
  await page.getByLabel('Limit price').fill('20000');
  await page.locator('.bracket summary').click();
  await page.getByLabel('Take profit').fill('19000');
  await send();
  await expect(said('take_profit')).toContainText('take_profit must be above');
  await choose(page, 'Buy', 'OCO');
  await page.getByLabel('Stop price').fill('nothing');
  await send();
  await expect(said('stop_price')).toContainText('cannot be read');
  expect(sent, 'what left the page').toEqual([]);
  expect((await get<Order[]>(server, '/v1/orders')).body).toEqual([]);

  // What only the market knows is said before it is sent, too.
  await choose(page, 'Buy', 'Market');
  await page.getByLabel('Take profit').fill('');
  await page.getByLabel('Quantity').fill('1000');
  await expect(said('quantity')).toContainText('more than the equity');
  await expect(page.locator('.check')).toHaveAttribute('data-check', 'refused');
});

test('the kill switch says what it does, does it, and is taken back', async ({ page, open, server }) => {
  await post(server, '/v1/orders', { symbol: 'BTCUSDT', side: 'buy', type: 'market', quantity: '0.1' });
  await post(server, '/v1/orders', { symbol: 'BTCUSDT', side: 'buy', type: 'limit', quantity: '0.01', price: '20000' });
  await open('/');
  await isLive(page);
  await expect(page.locator('tr[data-id="BTCUSDT"]').first()).toBeVisible();
  await page.getByRole('link', { name: 'Kill switch' }).click();
  const dialog = page.getByRole('dialog', { name: 'Kill switch' });
  await expect(dialog).toContainText('1 open order is cancelled.');
  await expect(dialog).toContainText('1 position is closed');
  await dialog.getByRole('button', { name: 'No, go on' }).click();
  await expect(dialog).toBeHidden();
  expect((await get<Order[]>(server, '/v1/orders/open')).body).toHaveLength(1);

  await page.getByRole('link', { name: 'Kill switch' }).click();
  await dialog.getByRole('button', { name: 'Stop everything' }).click();
  await expect(dialog).toBeHidden();
  const trading = page.locator('.trading');
  await expect(trading).toHaveAttribute('data-trading', 'halted');
  await expect.poll(async () => (await get<Order[]>(server, '/v1/orders/open')).body).toEqual([]);
  await expect.poll(async () => (await get<{ open_positions: number }>(server, '/v1/portfolio')).body.open_positions).toBe(0);
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(trading).toHaveAttribute('data-trading', 'running');
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(trading).toHaveAttribute('data-trading', 'paused');
});

test('a position is closed once it is confirmed, and the ledger tells it', async ({ page, open, server }) => {
  await post(server, '/v1/orders', { symbol: 'BTCUSDT', side: 'buy', type: 'market', quantity: '0.1' });
  await open('/positions');
  await isLive(page);
  const held = page.locator('[aria-label="Positions"] tr[data-id="BTCUSDT"]');
  await held.getByText('Close…').click();
  await expect(held).toContainText("Sells 0.1 at the market's price.");
  await held.getByRole('button', { name: 'Close BTCUSDT' }).click();
  await expect(held).toContainText('flat');
  const ledger = page.locator('[aria-label="Cash ledger"] tbody tr');
  await expect(ledger.first()).toContainText('sell');
  const { body } = await get<{ id: string; cash: string }[]>(server, '/v1/ledger');
  await expect(ledger).toHaveCount(body.length);
  await expect(ledger.first().locator('td').last()).toHaveAttribute('data-value', body[0]?.cash ?? '');
});

test('without a connection nothing can be sent, and it says so', async ({ page, open, server, problems }) => {
  problems.allow(SERVER_GONE);
  await post(server, '/v1/orders', { symbol: 'BTCUSDT', side: 'buy', type: 'limit', quantity: '0.01', price: '20000' });
  await open('/trade');
  await isLive(page);
  const cancel = page.getByRole('button', { name: /^Cancel ord-/ });
  await expect(cancel).toBeEnabled();
  await server.kill();
  await expect(page.getByRole('button', { name: /Not connected/ })).toBeDisabled();
  await expect(cancel).toBeDisabled();
  await expect(page.getByRole('button', { name: 'Pause' })).toBeDisabled();
  await server.start();
  await isLive(page, 20_000);
  await expect(cancel).toBeEnabled();
  await cancel.click();
  await expect(page.locator('[aria-label="Open orders"]')).toContainText('No open order.');
});
