// A decision is held against the sealed log in the reader's own browser: green where it is what was sealed,
// red as soon as the server says anything else.
import type { Page, Route } from '@playwright/test';
import { expect, test } from '../fixtures';
import { get } from '../rest';
import type { Server } from '../server';

interface Entry {
  index: number;
  leaf_hash: string;
  canonical: string;
}

interface Head {
  size: number;
  root: string;
  key: string;
}

// The shortest horizon is judged within seconds, and a head signed each second.
test.use({ speed: '120', serverEnv: { PLAINSIGHT_STORE__HEAD_MS: '1000' } });

const seal = (page: Page) => page.locator('[data-seal]');

/** A decision whose outcome is known and covered by a signed head. */
async function sealed(server: Server): Promise<string> {
  const judged = async () => (await get<{ id: string }[]>(server, '/v1/decisions?outcome=correct&limit=1')).body;
  await expect.poll(async () => (await judged()).length, { timeout: 60_000 }).toBe(1);
  const id = (await judged())[0]?.id ?? '';
  const entries = (await get<Entry[]>(server, `/v1/log/entries?id=${id}`)).body;
  expect(entries, 'as it was made, and its outcome').toHaveLength(2);
  const last = Math.max(...entries.map((entry) => entry.index));
  await expect.poll(async () => (await get<Head>(server, '/v1/log/sth')).body.size).toBeGreaterThan(last);
  return id;
}

/** Changes what the server answers on its way to the browser. */
async function tamper<Body>(page: Page, path: string, change: (body: Body) => void): Promise<void> {
  await page.route(`**${path}*`, async (route: Route) => {
    const response = await route.fetch();
    const body = (await response.json()) as Body;
    change(body);
    await route.fulfill({ response, json: body });
  });
}

test('what was sealed is verified, and again when the log has grown', async ({ page, open, server }) => {
  const id = await sealed(server);
  await open(`/decisions/${id}`);
  await expect(seal(page)).toHaveAttribute('data-seal', 'verified');
  await expect(seal(page)).toContainText(/Verified against head [\d,]+ of /);
  await expect(seal(page)).toContainText('are in the tree');
  await expect(seal(page)).toContainText(/correct, [+−]/);
  await expect(seal(page)).toContainText('signed by the log');
  await expect(seal(page)).toContainText('has not seen this log before');
  const first = (await get<Head>(server, '/v1/log/sth')).body.size;
  await expect.poll(async () => (await get<Head>(server, '/v1/log/sth')).body.size).toBeGreaterThan(first);
  await open(`/decisions/${id}`);
  await expect(seal(page)).toHaveAttribute('data-seal', 'verified');
  await expect(seal(page)).toContainText('continues the one of');
});

test('a decision that no head covers yet says so, and is verified by the next one', async ({ page, open, server }) => {
  await sealed(server);
  await open('/decisions');
  // Whichever is the newest by then: others come while it is clicked.
  await page.locator('.decisions li[data-id] .decision-symbol').first().click();
  await expect(page).toHaveURL(/\/decisions\/dec-/);
  await expect(seal(page)).toHaveAttribute('data-seal', /waiting|verified/);
  await expect(seal(page)).toHaveAttribute('data-seal', 'verified', { timeout: 20_000 });
});

test.describe('what the server says otherwise is found', () => {
  const lies: [string, string, (body: never) => void, RegExp][] = [
    [
      'another confidence',
      '/v1/log/entries',
      (entries: Entry[]) => {
        for (const entry of entries) entry.canonical = entry.canonical.replace(/"confidence":0\.\d/, '"confidence":0.9');
      },
      /says another confidence/,
    ],
    [
      'another outcome',
      '/v1/log/entries',
      (entries: Entry[]) => {
        for (const entry of entries) entry.canonical = entry.canonical.replace('"outcome":"correct"', '"outcome":"incorrect"');
      },
      /says another outcome/,
    ],
    [
      'an entry that is another text for the same words',
      '/v1/log/entries',
      (entries: Entry[]) => {
        for (const entry of entries) entry.canonical = entry.canonical.replace('{"event"', '{ "event"');
      },
      /does not give the leaf hash/,
    ],
    [
      'no entry of the outcome',
      '/v1/log/entries',
      (entries: Entry[]) => {
        entries.splice(1);
      },
      /no entry of its outcome/,
    ],
    [
      'another path',
      '/v1/log/proof',
      (proof: { path: string[] }) => {
        proof.path[0] = `${proof.path[0]?.startsWith('0') ? '1' : '0'}${proof.path[0]?.slice(1)}`;
      },
      /does not lead to the root/,
    ],
    [
      'a head that nobody signed',
      '/v1/log/sth',
      (head: { time: number }) => {
        head.time += 1;
      },
      /not signed by the log/,
    ],
  ];
  for (const [what, path, change, words] of lies) {
    test(what, async ({ page, open, server }) => {
      const id = await sealed(server);
      await tamper(page, path, change as (body: unknown) => void);
      await open(`/decisions/${id}`);
      await expect(seal(page)).toHaveAttribute('data-seal', 'broken');
      await expect(seal(page)).toContainText(words);
      await expect(seal(page)).toContainText('Not verified');
    });
  }
});

test('a log that was rewritten does not continue the one that the browser saw', async ({ page, open, server, problems }) => {
  // The browser tells that the server has no proof for a log that it does not have.
  problems.allow(/status of 400 .*\/v1\/log\/consistency/);
  const id = await sealed(server);
  await open(`/decisions/${id}`);
  await expect(seal(page)).toHaveAttribute('data-seal', 'verified');
  const known = (await page.evaluate(() => localStorage.getItem('plainsight.log'))) ?? '';
  const [key = '', size = '', root = ''] = known.split(' ');
  const remembered: [string, string, RegExp][] = [
    ['another root', `${key} ${size} ${'0'.repeat(64)}`, /does not continue/],
    ['more than there is', `${key} ${Number(size) + 1_000_000} ${root}`, /does not continue/],
    ['another key', `${'0'.repeat(64)} ${size} ${root}`, /another log than the one/],
  ];
  for (const [what, text, words] of remembered) {
    await page.evaluate((text) => localStorage.setItem('plainsight.log', text), text);
    await open(`/decisions/${id}`);
    await expect(seal(page), what).toHaveAttribute('data-seal', 'broken');
    await expect(seal(page), what).toContainText(words);
  }
  // Whoever knows why may take the log as new.
  await page.getByRole('button', { name: /Forget the log/ }).click();
  await expect(seal(page)).toHaveAttribute('data-seal', 'verified');
  await expect(seal(page)).toContainText('has not seen this log before');
});
