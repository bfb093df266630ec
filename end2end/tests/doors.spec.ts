// Who comes in and what they find: signing in and out, strangers, users, tokens and the links of observers.
import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures';
import { choose, fitsTheScreen, isAccessible } from '../look';
import { get } from '../rest';
import { OPERATOR, PASSWORD } from '../server';
import { badge, isLive } from '../watch';

const ADMIN = 'keeper';
const OF_BOTS = ['/', '/market', '/trade', '/trades', '/positions', '/decisions', '/models', '/performance', '/system'];
const OF_PEOPLE = ['/account', '/users', '/tokens', '/settings'];
const CLOSED = { PLAINSIGHT_AUTH__ANONYMOUS: 'none' };

test.use({ speed: '30', visitor: 'stranger' });

/** At the top of every page: who is in, or the way in. */
const account = (page: Page) => page.locator('[data-switch="account"]');
const field = (page: Page, name: string) => page.getByLabel(name, { exact: true });

async function signIn(page: Page, name: string, password: string): Promise<void> {
  await field(page, 'Name').fill(name);
  await field(page, 'Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('one signs in and out by the form', async ({ page, context, server, problems }) => {
      // The browser complains of a page that comes with the status of what is wrong.
      problems.allow(/status of 401 .*\/login/);
      await page.goto(`${server.url}/trade`);
      await expect(account(page)).toHaveText('Sign in');
      await account(page).click();
      await expect(page).toHaveURL(`${server.url}/login`);
      await signIn(page, OPERATOR, 'a wrong password');
      await expect(page.getByRole('alert')).toHaveText('name or password is wrong');
      await expect(field(page, 'Name'), 'what was typed stays').toHaveValue(OPERATOR);
      await expect(field(page, 'Password'), 'but for the password').toHaveValue('');
      expect(await context.cookies(), 'nobody is in').toEqual([]);

      await signIn(page, OPERATOR, PASSWORD);
      await expect(page).toHaveURL(`${server.url}/`);
      await expect(account(page)).toHaveText(OPERATOR);
      for (const { name, httpOnly, sameSite } of await context.cookies()) {
        expect({ httpOnly, sameSite }, `the cookie ${name}`).toEqual({ httpOnly: true, sameSite: 'Lax' });
      }
      await page.goto(`${server.url}/trade`);
      await expect(page.getByRole('button', { name: /Place order|Not connected/ })).toBeVisible();

      await account(page).click();
      await expect(page).toHaveURL(`${server.url}/account`);
      await expect(page.locator('main .facts')).toContainText(OPERATOR);
      await page.getByRole('button', { name: 'Sign out', exact: true }).click();
      await expect(page).toHaveURL(`${server.url}/login`);
      expect(await context.cookies(), 'the cookies are gone').toEqual([]);
      await page.goto(server.url);
      await expect(account(page)).toHaveText('Sign in');
    });

    test('whoever is sent to sign in comes to where they wanted to go', async ({ page, server }) => {
      await page.goto(`${server.url}/account`);
      await expect(page).toHaveURL(`${server.url}/login?next=%2Faccount`);
      await signIn(page, OPERATOR, PASSWORD);
      await expect(page).toHaveURL(`${server.url}/account`);
      await expect(page.locator('main')).toContainText('Where you are signed in');
    });

    test('an admin makes users and tokens by the forms', async ({ page, context, browser, server, problems }) => {
      problems.allow(/status of 4(09|22) .*\/(users|tokens)/, /status of 40[13] .*\/login/);
      await server.addUser(ADMIN, 'admin');
      await server.signIn(context, ADMIN);
      const said = page.locator('main').getByRole('status');
      const add = page.locator('form', { hasText: 'Add the user' });
      await page.goto(`${server.url}/users`);
      for (const told of ['guest is a user now.', 'there is a user guest already']) {
        await add.getByLabel('Name').fill('guest');
        await add.getByLabel('Password').fill(PASSWORD);
        await add.getByRole('button', { name: 'Add the user' }).click();
        await expect(page.locator('main')).toContainText(told);
      }
      const guest = page.getByRole('row', { name: /^guest/ });
      await guest.getByRole('combobox').selectOption('operator');
      await guest.getByRole('button', { name: 'Set' }).click();
      await expect(said).toHaveText('guest is operator now.');
      await guest.getByRole('button', { name: 'Disable guest' }).click();
      await expect(guest).toContainText('disabled');
      const other = await browser.newContext({ javaScriptEnabled });
      problems.watch(other);
      const theirs = await other.newPage();
      await theirs.goto(`${server.url}/login`);
      await signIn(theirs, 'guest', PASSWORD);
      await expect(theirs.getByRole('alert'), 'who is disabled does not come in').toBeVisible();
      await guest.getByRole('button', { name: 'Enable guest' }).click();
      const forgotten = page.locator('form', { hasText: 'Set the password' });
      await forgotten.getByLabel('Name').fill('guest');
      await forgotten.getByLabel('New password').fill('another long password');
      await forgotten.getByRole('button', { name: 'Set the password' }).click();
      await expect(said).toHaveText('guest has a new password.');
      await signIn(theirs, 'guest', 'another long password');
      await expect(account(theirs)).toHaveText('guest');

      await page.goto(`${server.url}/tokens`);
      await page.getByRole('combobox', { name: 'User' }).selectOption('guest');
      await page.getByRole('checkbox', { name: /^trade/ }).check();
      await field(page, 'Note').fill('for a program');
      await page.getByRole('button', { name: 'Make the token' }).click();
      const token = await page.locator('.secret').innerText();
      const status = async () => (await fetch(`${server.url}/v1/orders/check`, { method: 'POST', headers: { authorization: `Bearer ${token}` } })).status;
      expect(await status(), 'it is good').not.toBe(401);
      await page.getByRole('row', { name: /for a program/ }).getByRole('button', { name: /^Revoke/ }).click();
      await expect(page.getByRole('row', { name: /for a program/ })).toContainText('revoked');
      expect(await status()).toBe(401);
      await page.goto(`${server.url}/settings`);
      await expect(page.getByRole('heading', { level: 1 })).toHaveText('Audit');
      await expect(page.locator('main')).toContainText('guest');
      await other.close();
    });

    test('a stranger sees no trading controls, an operator does', async ({ page, context, server }) => {
      const controls = page.getByRole('button', { name: /^(Pause|Place order|Close .*|Cancel .*|Not connected.*)$/ });
      const kill = page.getByRole('link', { name: 'Kill switch' });
      await expect.poll(async () => (await get<unknown[]>(server, '/v1/positions')).body.length).toBeGreaterThan(0);
      for (const path of ['/', '/trade', '/positions']) {
        await page.goto(server.url + path);
        if (javaScriptEnabled) await isLive(page);
        await expect(page.locator('.trading-state')).toContainText('Trading');
        await expect(controls, path).toHaveCount(0);
        await expect(kill, path).toHaveCount(0);
      }
      await page.goto(`${server.url}/trade?confirm=kill`);
      await expect(page.locator('main')).toContainText('orders are for operators');
      await expect(page.getByRole('button', { name: 'Stop everything' })).toHaveCount(0);
      await server.signIn(context);
      await page.goto(`${server.url}/trade`);
      await expect(controls.first()).toBeVisible();
      await expect(kill).toBeVisible();
    });
  });
}

test.describe('where strangers see nothing', () => {
  test.use({ serverEnv: CLOSED });

  test('every page leads to the sign-in page, which holds no figures', async ({ page, server, request }) => {
    await expect.poll(async () => (await get<unknown[]>(server, '/v1/trades')).body.length).toBeGreaterThan(0);
    const { equity } = (await get<{ equity: string }>(server, '/v1/portfolio')).body;
    for (const path of [...OF_BOTS, ...OF_PEOPLE, '/market/BTCUSDT', '/decisions/dec-1-1', '/trade?order=ord-1-1', '/nowhere']) {
      const response = await page.goto(server.url + path);
      await expect(page, path).toHaveURL(`${server.url}/login?next=${encodeURIComponent(path)}`);
      expect(response?.status(), path).toBe(200);
      // Where the reader wanted to go is the only thing that it repeats.
      const html = ((await response?.text()) ?? '').replace(`value="${path}"`, '');
      for (const told of ['data-field', 'data-value', 'plainsight-boot', 'BTCUSDT', 'paper', equity.split('.')[0] ?? '']) {
        expect(html, `${path} tells ${told}`).not.toContain(told);
      }
    }
    for (const path of ['/v1/portfolio', '/v1/trades', '/metrics', '/parts/models', '/v1/users']) {
      expect((await request.get(server.url + path)).status(), path).toBe(401);
    }
  });

  test('an observer comes in by a link, and is out when it is revoked', async ({ page, context, browser, open, server, problems }) => {
    await server.addUser(ADMIN, 'admin');
    await server.signIn(context, ADMIN);
    await page.goto(`${server.url}/users`);
    const added = page.locator('form', { hasText: 'Add the user' });
    await added.getByLabel('Name').fill('guest');
    await added.getByLabel('Password').fill('a long password');
    await added.getByRole('button', { name: 'Add the user' }).click();
    await expect(page.getByRole('status').filter({ hasText: 'guest is a user now.' })).toBeVisible();
    await expect(page.getByRole('row', { name: /^guest/ })).toContainText('active');

    await page.goto(`${server.url}/tokens`);
    await page.getByRole('combobox', { name: 'User' }).selectOption('guest');
    await field(page, 'Note').fill('for the visitors');
    await page.getByRole('button', { name: 'Make the token' }).click();
    const link = await page.locator('.secret', { hasText: '/join#' }).innerText();
    expect(link).toMatch(new RegExp(`^${server.url}/join#\\S+$`));
    // Once: also this page does not have it any more when it is opened again.
    await page.goto(`${server.url}/tokens`);
    await expect(page.locator('.secret')).toHaveCount(0);
    const token = page.getByRole('row', { name: /for the visitors/ });
    await expect(token).toContainText('guest');

    const guest = await browser.newContext();
    problems.watch(guest);
    problems.allow(/status of 403/, /status of 401 .*\/join/, /WebSocket connection to .* failed/);
    const seen = await guest.newPage();
    await seen.goto(link);
    await expect(seen).toHaveURL(`${server.url}/`);
    await expect(account(seen)).toHaveText('guest');
    await isLive(seen);
    await expect(seen.getByRole('link', { name: 'Kill switch' })).toHaveCount(0);
    await seen.goto(`${server.url}/trade`);
    await expect(seen.locator('main')).toContainText('orders are for operators');
    // What is not an observer's own says so, and leads back.
    for (const path of ['/account', '/users', '/tokens', '/settings']) {
      const response = await seen.goto(server.url + path);
      expect(response?.status(), path).toBe(403);
      await expect(seen.getByRole('alert'), path).toContainText('may not');
    }
    await seen.getByRole('button', { name: 'Sign out' }).click();
    await expect(seen).toHaveURL(`${server.url}/login`);
    expect(await guest.cookies(), 'an observer can leave').toEqual([]);
    await seen.goto(link);
    await expect(seen).toHaveURL(`${server.url}/`);
    await isLive(seen);

    await token.getByRole('button', { name: /^Revoke/ }).click();
    await expect(token).toContainText('revoked');
    await expect(badge(seen), 'it is out').toHaveAttribute('data-state', 'offline', { timeout: 5_000 });
    await expect(badge(seen)).toContainText('not signed in');
    await seen.reload();
    await expect(seen).toHaveURL(`${server.url}/login?next=%2F`);
    await seen.goto(link);
    await expect(seen.getByRole('alert'), 'the link lets nobody in any more').toBeVisible();
    await guest.close();
    await open('/');
    await expect(account(page), 'the admin stays').toHaveText(ADMIN);
  });
});

test.describe('how the pages about people look', () => {
  test.use({ contextOptions: { reducedMotion: 'reduce' } });

  for (const width of [375, 1280]) {
    test(`at ${width} px they fit and are accessible`, async ({ page, context, open, server }) => {
      test.slow();
      await server.addUser(ADMIN, 'admin');
      await server.addUser('somebody-with-quite-a-long-name1', 'viewer');
      await server.makeToken(ADMIN, 'read', 'a note that is as long as notes may be, with '.concat('averylongwordthatcannotbebroken'.repeat(5)));
      await page.setViewportSize({ width, height: 812 });
      for (const path of ['/login', '/join']) {
        for (const theme of ['dark', 'light']) {
          await page.goto(server.url + path);
          await page.evaluate((theme) => localStorage.setItem('theme', theme), theme);
          await page.reload();
          await expect(page.locator('html')).toHaveAttribute('data-theme', theme);
          await fitsTheScreen(page);
          await isAccessible(page);
        }
      }
      await server.signIn(context, ADMIN);
      for (const path of OF_PEOPLE) {
        await open(path);
        for (const theme of ['dark', 'light'] as const) {
          await choose(page, theme);
          await fitsTheScreen(page);
          await isAccessible(page);
        }
      }
      // With what is shown once, and with what was refused.
      await open('/tokens');
      await page.getByRole('button', { name: 'Make the token' }).click();
      await expect(page.locator('.secret')).toHaveCount(2);
      await fitsTheScreen(page);
      await isAccessible(page);
    });
  }
});
