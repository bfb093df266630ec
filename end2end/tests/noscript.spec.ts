// Without JavaScript every page reads, with the figures of the moment it was loaded.
import { Decimal, canonical } from '../decimal';
import { expect, test } from '../fixtures';
import { type Figures, get, post } from '../rest';
import { field, idsIn } from '../watch';

test.use({ javaScriptEnabled: false, speed: '60' });

const PAGES = ['/', '/market', '/trade', '/trades', '/positions', '/decisions', '/models', '/performance', '/system'];

test.beforeEach('the bot has traded', async ({ server }) => {
  await expect.poll(async () => (await get<unknown[]>(server, '/v1/trades')).body.length).toBeGreaterThan(5);
});

test('every page reads', async ({ page, server }) => {
  for (const path of PAGES) {
    const response = await page.goto(server.url + path);
    expect(response?.status(), path).toBe(200);
    await expect(page.locator('h1'), path).toHaveCount(1);
    await expect(page.locator('.mode'), path).toHaveText('SIM');
    await expect(page.locator('noscript .noscript, .noscript').first(), path).toBeVisible();
    await expect(page.locator('main .absent[aria-busy]'), `${path} waits for nothing`).toHaveCount(0);
    const shown = await page.locator('main [data-field]').evaluateAll((all) => all.map((one) => one.textContent?.trim()));
    expect(shown.filter((text) => !text || text === '–'), `${path}: figures without a value`).toEqual([]);
    // What only a script could do is not offered.
    await expect(page.locator('.needs-script:visible'), path).toHaveCount(0);
  }
});

test('the figures are those of the server', async ({ page, server }) => {
  await page.goto(server.url);
  const equity = Decimal.of(await field(page, 'portfolio.equity').getAttribute('data-value'));
  expect(equity.isPositive()).toBe(true);
  await expect(field(page, 'portfolio.equity')).toHaveText(/^\d{1,3}(,\d{3})*\.\d\d$/);
  // A page and an answer of the same seq say the same.
  await expect
    .poll(async () => {
      await page.goto(`${server.url}/positions`);
      const { seq, body } = await get<Figures>(server, '/v1/portfolio');
      const shown = field(page, 'portfolio.equity');
      if ((await shown.getAttribute('data-seq')) !== seq) return 'another seq';
      return canonical(await shown.getAttribute('data-value')) === canonical(body.equity as string);
    }, { intervals: [10] })
    .toBe(true);
  await page.goto(`${server.url}/trades`);
  const ids = await idsIn(page.locator('main'));
  const known = (await get<{ id: string }[]>(server, '/v1/trades?limit=500')).body.map(({ id }) => id);
  expect(known.join()).toContain(ids.join());
});

test('an order, a mistake and the kill switch work as plain forms', async ({ page, server, problems }) => {
  // The browser complains of a page that comes with the status of what is wrong.
  problems.allow(/status of 422/);
  await page.goto(`${server.url}/trade`);
  await page.getByLabel('Limit', { exact: true }).check({ force: true });
  await page.getByLabel('Quantity').fill('-1');
  await page.getByLabel('Limit price').fill('20000');
  await page.getByRole('button', { name: 'Place order' }).click();
  await expect(page.locator('#ticket-quantity-error')).toHaveText('quantity must be greater than zero');
  await expect(page.getByLabel('Quantity'), 'what was typed stays').toHaveValue('-1');
  await expect(page.getByLabel('Limit price')).toHaveValue('20000');

  await page.getByLabel('Quantity').fill('0.001');
  await page.getByRole('button', { name: 'Place order' }).click();
  await expect(page).toHaveURL(/\/trade\?order=ord-/);
  await expect(page.locator('.story')).toContainText('accepted');
  const id = await page.locator('.story').getAttribute('data-order');
  await expect(page.getByRole('button', { name: `Cancel ${id}` })).toBeVisible();

  await page.getByRole('link', { name: 'Kill switch' }).click();
  await expect(page).toHaveURL(/confirm=kill/);
  const confirm = page.locator('main section.danger');
  await expect(confirm).toContainText(/open orders? (is|are) cancelled/);
  await confirm.getByRole('button', { name: 'Stop everything' }).click();
  await expect(page.locator('.trading')).toHaveAttribute('data-trading', 'halted');
  expect((await get<unknown[]>(server, '/v1/orders/open')).body.filter((order) => (order as { id: string }).id === id)).toEqual([]);
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(page.locator('.trading')).toHaveAttribute('data-trading', 'running');
});

test('links and the bot switcher work', async ({ page, server }) => {
  const note = { type: 'note', id: 'n-1', text: 'Here I am.' };
  await post(server, '/v1/bots/outside/events', [note]);
  await page.goto(server.url);
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Decisions', exact: true }).click();
  await expect(page).toHaveURL(`${server.url}/decisions`);
  await page.locator('#bot').selectOption('outside');
  await page.getByRole('button', { name: 'Show' }).click();
  await expect(page).toHaveURL(`${server.url}/decisions?bot=outside`);
  await expect(page.locator('main')).toContainText('Here I am.');
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Trades', exact: true }).click();
  await expect(page).toHaveURL(`${server.url}/trades?bot=outside`);
  await expect(page.locator('#bot')).toHaveValue('outside');
});
