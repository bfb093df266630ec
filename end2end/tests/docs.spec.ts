// The API's page: it can be read and tried out, asks nobody else, and lists the older dashboards.
import { expect, test } from '../fixtures';
import { fitsTheScreen } from '../look';

test.use({ visitor: 'stranger' });

test('the API is browsed and tried out without another host', async ({ page, server }) => {
  const elsewhere: string[] = [];
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith('http') && url.origin !== server.url) elsewhere.push(request.url());
  });
  await page.goto(`${server.url}/docs`);
  // A group folds out, an operation in it as well.
  await page.getByRole('link', { name: 'machine', exact: true }).click();
  await page.getByRole('button', { name: /GET \/health/i }).first().click();
  await page.getByRole('button', { name: 'Try it out' }).click();
  const answered = page.waitForResponse((response) => new URL(response.url()).pathname === '/health');
  await page.getByRole('button', { name: 'Execute' }).click();
  expect((await (await answered).json()).status).toBe('healthy');
  await expect(page.locator('.live-responses-table .response').first()).toContainText('200');
  expect(elsewhere).toEqual([]);
});

test('the older dashboards are listed, wide and narrow', async ({ page, server }) => {
  await page.goto(`${server.url}/docs`);
  const table = page.getByRole('table', { name: 'Older dashboards whose clients work unchanged' });
  await expect(table.getByRole('row')).toHaveCount(6);
  await expect(table.getByRole('row', { name: /Quantum Trader/ })).toContainText('/stream/live');
  for (const width of [1280, 375]) {
    await page.setViewportSize({ width, height: 800 });
    await fitsTheScreen(page);
  }
});
