// The Performance page: every metric with its formula and its n, and the same figures as REST.
import { expect, test } from '../fixtures';
import { get } from '../rest';
import { field, isLive } from '../watch';

interface Metric {
  formula: string;
  value: number | null;
  n: number;
}
interface Performance {
  windows: Record<string, { basis: string; n: number; metrics: Record<string, Metric> }>;
  months: unknown[];
}

// An hour of market time in a few seconds: the rolling Sharpe ratio needs it.
test.use({ speed: '600' });

test('every metric shows its formula, its n, and the figure of REST', async ({ page, open, server }) => {
  await expect
    .poll(async () => (await get<Performance>(server, '/v1/performance')).body.windows['1h']?.n, { timeout: 60_000 })
    .toBeGreaterThanOrEqual(58);
  await open('/performance?window=24h');
  await isLive(page);

  // At one seq the page says what REST says, to the last digit.
  let seen: Performance | undefined;
  await expect
    .poll(
      async () => {
        const { seq, body } = await get<Performance>(server, '/v1/performance');
        const shown = await page.locator('main .metric').evaluateAll((all) =>
          all.map((one) => {
            const figure = one.querySelector<HTMLElement>('[data-field]');
            return {
              formula: (one as HTMLElement).dataset.formula,
              value: figure?.dataset.value ?? null,
              seq: figure?.dataset.seq,
            };
          }),
        );
        if (shown.some((one) => one.seq !== seq)) return 'another seq';
        seen = body;
        const known = Object.values(body.windows['24h']?.metrics ?? {});
        const found = Object.fromEntries(shown.map(({ formula, value }) => [formula, value === null ? null : Number(value)]));
        return known.length > 40 && known.every(({ formula, value }) => found[formula] === value);
      },
      { intervals: [20], timeout: 60_000 },
    )
    .toBe(true);

  const sharpe = page.locator('.metric[data-formula="sharpe.v1"]');
  await expect(sharpe.locator('.formula').first()).toBeHidden();
  await sharpe.locator('summary').click();
  await expect(sharpe).toContainText('(m/s)·√P');
  await expect(sharpe).toContainText(/sharpe\.v1 · n = [\d,]+ returns/);
  expect(seen?.months.length).toBeGreaterThan(0);

  // The charts say in words what they draw, and stay as the figures move on.
  for (const words of [/^Equity from .* bought and held it would be/, /^Rolling Sharpe ratio/]) {
    await expect(page.getByRole('img', { name: words })).toBeVisible();
  }
  await expect(page.getByRole('region', { name: 'Returns by month' }).locator('td[data-value]')).toHaveCount(
    seen?.months.length ?? 0,
  );

  await page.getByRole('navigation', { name: 'Window' }).getByRole('link', { name: '1h' }).click();
  await expect(page).toHaveURL(/window=1h/);
  await expect(field(page, 'performance.n')).toContainText('Intraday: equity each 60 s');
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('formulas open as well', async ({ page, server }) => {
    await expect.poll(async () => (await get<unknown[]>(server, '/v1/trades')).body.length).toBeGreaterThan(5);
    await page.goto(`${server.url}/performance`);
    const beta = page.locator('.metric[data-formula="beta.v1"]');
    await beta.locator('summary').click();
    await expect(beta).toContainText('cov(r, b) / var(b)');
    await expect(beta).toContainText('n = ');
  });
});
