// Decisions: found by filter, paged through to the first one, each with a page of its own; and the page of
// the models that took them.
import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures';
import { get } from '../rest';
import { idsIn, isLive } from '../watch';

interface Decision {
  id: string;
  symbol: string;
  outcome: string;
  confidence: number;
}

// The shortest horizon is judged within seconds.
test.use({ speed: '120' });

const rows = (page: Page) => page.locator('.decisions li[data-id]');
const part = (page: Page) => page.locator('.part');

async function judged(server: Parameters<typeof get>[0], count: number): Promise<void> {
  const path = '/v1/decisions?outcome=correct&limit=500';
  await expect.poll(async () => (await get<Decision[]>(server, path)).body.length, { timeout: 60_000 }).toBeGreaterThan(count);
}

test('a filter is shown, followed live, and taken back', async ({ page, open, server }) => {
  await judged(server, 5);
  await open('/decisions');
  await isLive(page);
  await page.getByLabel('Outcome').selectOption('correct');
  await page.getByLabel('Symbol').selectOption('BTCUSDT');
  await page.getByRole('button', { name: 'Filter' }).click();
  await expect(page).toHaveURL(/symbol=BTCUSDT&outcome=correct/);
  await isLive(page);
  await expect(page.getByLabel('Outcome')).toHaveValue('correct');
  const outcomes = () => page.locator('.decisions [data-outcome]').evaluateAll((all) => [...new Set(all.map((one) => one.getAttribute('data-outcome')))]);
  expect(await outcomes()).toEqual(['correct']);
  await expect(page.locator('.decisions .decision-symbol').filter({ hasNotText: 'BTCUSDT' })).toHaveCount(0);
  // What is judged while the page is open comes in by itself.
  const before = new Set(await idsIn(page.locator('.decisions')));
  await expect.poll(async () => (await idsIn(page.locator('.decisions'))).some((id) => !before.has(id)), { timeout: 60_000 }).toBe(true);
  expect(await outcomes()).toEqual(['correct']);
  await page.getByRole('link', { name: 'All', exact: true }).click();
  await expect(page).toHaveURL(/decisions\?bot=paper$/);
  await expect.poll(outcomes).toContain('pending');
});

test('pages lead back to the first decision and to the newest', async ({ page, open, server }) => {
  await expect
    .poll(async () => (await get<Decision[]>(server, '/v1/decisions?states=newest&limit=500')).body.length, { timeout: 60_000 })
    .toBeGreaterThan(150);
  await open('/decisions?min_confidence=0.5');
  const seen = new Set<string>();
  const older = page.getByRole('link', { name: 'Older' });
  for (let pages = 0; pages < 40; pages += 1) {
    const ids = await idsIn(page.locator('.decisions'));
    expect(ids.length).toBeGreaterThan(0);
    // The first page moves on while it is looked at.
    if (pages > 0) {
      for (const id of ids) expect(seen.has(id), `${id} once`).toBe(false);
      for (const id of ids) seen.add(id);
    }
    if (!(await older.isVisible())) break;
    const loaded = page.waitForEvent('load');
    await older.click();
    await loaded;
    await expect(page).toHaveURL(/min_confidence=0.5&before=dec-/);
    await expect(page.locator('body[data-hydrated]')).toBeAttached();
  }
  await expect(older).toBeHidden();
  expect(seen.size).toBeGreaterThan(90);
  await page.getByRole('link', { name: 'Newest' }).click();
  await expect(page).toHaveURL(/decisions\?min_confidence=0.5$/);
});

test.describe('one of them', () => {
  // 5 minutes of the market in 15 s.
  test.use({ speed: '20' });

  test('a decision appears, its page opens, its countdown runs and its outcome comes', async ({ page, open }) => {
    await open('/decisions');
    await isLive(page);
    await expect(rows(page).first()).toBeVisible();
    const before = new Set(await idsIn(page.locator('.decisions')));
    await expect.poll(async () => (await idsIn(page.locator('.decisions'))).some((id) => !before.has(id))).toBe(true);

    const pending = rows(page).filter({ has: page.locator('.horizon', { hasText: /^5m$/ }) }).filter({ has: page.locator('[data-outcome="pending"]') });
    const id = await pending.first().getAttribute('data-id');
    // It moves down the list as others come, also between a look and a click: it is asked for by its address.
    await open(`/decisions/${id}`);
    const head = page.locator('.decisions li');
    await expect(head).toHaveAttribute('data-id', id ?? '');
    const outcome = head.locator('.outcome');
    const left = await outcome.innerText();
    expect(left).toMatch(/^in \d/);
    await expect(outcome, 'it counts down').not.toHaveText(left);
    await expect(part(page)).toContainText('Pending: it will be correct if, 5m later');
    await expect(part(page).getByRole('img', { name: /in candles of 1m from/ })).toBeVisible();
    expect(await part(page).locator('.inputs tbody tr').count()).toBeGreaterThan(1);
    await expect(part(page).locator('.sum-check')).toContainText('log-odds of up');
    await expect(page.locator('[data-seal]')).toBeAttached();
    // 5 minutes of market time: the page changes by itself, head and drawing.
    await expect(head.locator('.outcome')).toHaveAttribute('data-outcome', /correct|incorrect/, { timeout: 30_000 });
    await expect(part(page).locator('.explanation')).toHaveAttribute('data-outcome', /correct|incorrect/);
    await expect(part(page)).toContainText(/Return[+−]?\d/);
  });
});

test('what was unfolded stays so while the drawing changes', async ({ page, open, server }) => {
  await judged(server, 2);
  await open('/models');
  await isLive(page);
  await expect(page.locator('h1')).toHaveText('Models');
  const rule = page.locator('details', { hasText: 'How a regime is told' });
  await rule.locator('summary').click();
  await expect(rule).toHaveAttribute('open', '');
  const requests: string[] = [];
  page.on('response', (response) => {
    if (response.url().includes('/parts/models')) requests.push(response.url());
  });
  await expect.poll(() => requests.length, { timeout: 30_000 }).toBeGreaterThan(1);
  await expect(rule).toHaveAttribute('open', '');
});

test('the scores move while the page is open, and say what REST says', async ({ page, open, server }) => {
  await judged(server, 20);
  await open('/models');
  await isLive(page);
  const total = part(page).locator('tbody[data-id="momentum"] tr.total');
  const shown = async () => Number((await total.locator('td').first().innerText()).replaceAll(',', ''));
  const before = await shown();
  await expect.poll(shown, { message: 'more decisions are judged', timeout: 30_000 }).toBeGreaterThan(before);
  interface Models {
    scores: Record<string, { n: number; brier: number | null }>;
  }
  // Figures of one moment: where they moved between the two looks it is the next pair that counts.
  await expect
    .poll(async () => {
      const first = (await get<Models>(server, '/v1/models')).body.scores.momentum?.n;
      const seen = await shown();
      const second = (await get<Models>(server, '/v1/models')).body.scores.momentum?.n;
      return seen === first || seen === second;
    }, { timeout: 30_000 })
    .toBe(true);
});

test('the overview leads from the accuracy to the models', async ({ page, open }) => {
  await open('/');
  await page.getByRole('link', { name: 'Model accuracy' }).click();
  await expect(page).toHaveURL(/\/models/);
  await expect(part(page)).toContainText('Leaderboard');
});

test('times are written in the reader’s zone', async ({ page, open, server }) => {
  await judged(server, 1);
  const [first] = (await get<Decision[]>(server, '/v1/decisions?outcome=correct&limit=1')).body;
  await open(`/decisions/${first?.id}`);
  const made = part(page).locator('time').first();
  const utc = await made.innerText();
  await page.locator('[data-switch="zone"]').click();
  await expect(made).not.toHaveText(utc);
  await page.locator('[data-switch="zone"]').click();
  await expect(made).toHaveText(utc);
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('filter, pages and a decision read', async ({ page, server }) => {
    await judged(server, 65);
    await page.goto(`${server.url}/decisions`);
    await page.getByLabel('Outcome').selectOption('correct');
    await page.getByLabel('Confidence from').fill('0.51');
    await page.getByRole('button', { name: 'Filter' }).click();
    await expect(page).toHaveURL(/outcome=correct&min_confidence=0.51/);
    await expect(page.getByLabel('Confidence from')).toHaveValue('0.51');
    const ids = await idsIn(page.locator('.decisions'));
    const known = (await get<Decision[]>(server, '/v1/decisions?outcome=correct&min_confidence=0.51&limit=500')).body;
    const of = new Map(known.map((decision) => [decision.id, decision]));
    expect(ids.length).toBeGreaterThan(0);
    for (const id of ids) expect(of.get(id)?.confidence).toBeGreaterThanOrEqual(0.51);

    await page.goto(`${server.url}/decisions?outcome=correct`);
    const first = await idsIn(page.locator('.decisions'));
    expect(first).toHaveLength(60);
    await page.getByRole('link', { name: 'Older' }).click();
    const second = await idsIn(page.locator('.decisions'));
    expect(second.filter((id) => first.includes(id))).toEqual([]);
    await page.locator('.decisions .decision-symbol').first().click();
    await expect(page).toHaveURL(new RegExp(`/decisions/${second[0]}`));
    await expect(part(page)).toContainText('Correct: judged');
    await expect(page.getByRole('img', { name: /in candles of/ })).toBeVisible();
    await page.goto(`${server.url}/decisions?min_confidence=2`);
    await expect(page.locator('#filter-error')).toHaveText('min_confidence must be from 0 to 1');
  });
});
