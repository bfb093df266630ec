// What a page may load and run is ours alone: every page keeps to the policy that it comes with, and what
// somebody else wrote is text, wherever it is shown.
import type { BrowserContext, Page } from '@playwright/test';
import { expect, test } from '../fixtures';
import { get, post } from '../rest';
import { isLive } from '../watch';

declare global {
  interface Window {
    violations: string[];
    pwned?: number;
  }
}

const ADMIN = 'keeper';
const BOT = 'outside';
/** Pages of the frame, which hydrate. */
const PAGES = ['/', '/market', '/trade', '/trades', '/positions', '/decisions', '/models', '/performance', '/system'];
const OF_PEOPLE = ['/account', '/users', '/tokens', '/settings'];
/** Pages with a form and nothing else. */
const ENTRIES = ['/login', '/join'];
/** What somebody writes who wants it to run. */
const HOSTILE = [
  '<script>window.pwned=1</script>',
  'javascript:alert(1)',
  '"><img src=x onerror=window.pwned=1>',
  "'-window.pwned=1-'",
  '</script><script>window.pwned=1</script>',
  '<!--<svg/onload=window.pwned=1>',
];
/** The same as the name of something, where spaces are refused. */
const NAMES = HOSTILE.map((text) => text.replaceAll(' ', '/'));

test.use({ speed: '60' });

/** Writes down what the policy keeps the pages from. */
async function recordViolations(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    window.violations = [];
    document.addEventListener('securitypolicyviolation', (event) => {
      window.violations.push(`${event.effectiveDirective}: ${event.blockedURI} ${event.sample} (${event.sourceFile}:${event.lineNumber})`);
    });
  });
}

const violations = (page: Page) => page.evaluate(() => window.violations);

/** The policy's directives, by name. */
function directives(header: string | undefined): Map<string, string> {
  const parts = (header ?? '').split(';').map((part) => part.trim().split(/ (.*)/s));
  return new Map(parts.map(([name = '', sources = '']) => [name, sources]));
}

/** Tries what an intruder would who got markup into the page. Nothing of it runs, and the listener hears of it. */
async function nothingRuns(page: Page): Promise<void> {
  const found = await page.evaluate(async () => {
    const script = document.createElement('script');
    script.textContent = 'window.pwned = 1';
    document.head.append(script);
    const place = document.createElement('div');
    place.innerHTML = '<img src="data:,x" onerror="window.pwned = 1"><a href="javascript:window.pwned=1">x</a>';
    document.body.append(place);
    place.querySelector('a')?.click();
    const other = document.createElement('script');
    other.src = 'data:text/javascript,window.pwned=1';
    document.head.append(other);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const told = window.violations.map((violation) => violation.split(':')[0]);
    window.violations = [];
    return { pwned: window.pwned, told: [...new Set(told)].sort() };
  });
  expect(found, page.url()).toEqual({ pwned: undefined, told: ['script-src-attr', 'script-src-elem'] });
}

test('every page keeps to its policy, and nothing else runs on it', async ({ page, context, open, server, problems }) => {
  test.slow();
  // Of what is tried here, and of a page that is not there.
  problems.allow(/^Loading the script 'data:text\/javascript,window\.pwned=1' violates/, /^(Executing inline script|Executing inline event handler|Running the JavaScript URL) /, /status of 404 .*\/nowhere/);
  await expect.poll(async () => (await get<unknown[]>(server, '/v1/trades')).body.length).toBeGreaterThan(2);
  const [decision] = (await get<{ id: string }[]>(server, '/v1/decisions?limit=1')).body;
  await recordViolations(context);
  await server.addUser(ADMIN, 'admin');
  await server.signIn(context, ADMIN);
  const framed = [...PAGES, '/market/ETHUSDT', `/decisions/${decision?.id}`, ...OF_PEOPLE, '/nowhere'];
  const nonces = new Set<string>();
  for (const path of [...framed, ...ENTRIES]) {
    const isEntry = ENTRIES.includes(path);
    const response = isEntry ? await page.goto(server.url + path) : await open(path);
    const headers = response?.headers() ?? {};
    const policy = directives(headers['content-security-policy']);
    expect(policy.get('default-src'), path).toBe("'none'");
    const scripts = policy.get('script-src') ?? '';
    expect(scripts, path).toMatch(/^'self' 'nonce-[\w+/=-]{16,}' 'wasm-unsafe-eval'$/);
    expect(policy.get('style-src'), path).toBe("'self'");
    expect(policy.get('frame-ancestors'), path).toBe("'none'");
    expect(headers['x-content-type-options'], path).toBe('nosniff');
    nonces.add(scripts);
    // Live for a while, and with its menus used: nothing of ours is kept from it.
    if (!isEntry) {
      await isLive(page);
      await page.locator('[data-switch="theme"]').click();
      await page.locator('[data-switch="zone"]').click();
      await page.waitForTimeout(1_000);
    }
    expect(await violations(page), path).toEqual([]);
    await nothingRuns(page);
  }
  expect(nonces.size, 'a word is used once').toBe(framed.length + ENTRIES.length);
});

test('what is not a page may load nothing', async ({ request, server }) => {
  for (const path of ['/v1/portfolio', '/health', '/v1/nowhere', '/favicon.svg', '/join.js', '/v1/orders/none']) {
    const policy = (await request.get(server.url + path)).headers()['content-security-policy'];
    expect(directives(policy).get('default-src'), path).toBe("'none'");
    expect(directives(policy).has('script-src'), path).toBe(false);
  }
});

test('a page goes from one to the next without a word against the policy', async ({ page, context, open }) => {
  await recordViolations(context);
  await open('/');
  await isLive(page);
  const pages = page.getByRole('navigation', { name: 'Pages' });
  for (const name of ['Market', 'Trade', 'Trades', 'Positions', 'Decisions', 'Models', 'Performance', 'System', 'Overview']) {
    await pages.getByRole('link', { name, exact: true }).click();
    await expect(page.locator('h1')).toHaveText(name);
    await page.waitForTimeout(300);
  }
  await page.getByRole('link', { name: 'Kill switch' }).click();
  await expect(page.getByRole('dialog', { name: 'Kill switch' })).toBeVisible();
  expect(await violations(page)).toEqual([]);
});

/** Everything that a bot may say in its own words. */
function reports(): Record<string, unknown>[] {
  return HOSTILE.flatMap((text, index) => {
    const name = NAMES[index];
    const about = { symbol: 'BTCUSDT', side: 'buy', quantity: '0.01' };
    return [
      { type: 'decision', id: `d${name}`, model: name, symbol: 'BTCUSDT', direction: 'up', confidence: 0.6, horizon: '5m', reasoning: text, features: [{ name: text, value: 1.5, contribution: 0.4 }] },
      { type: 'fill', id: `f${name}`, ...about, price: '42000', fee: '0.1', decision: `d${name}` },
      { type: 'order', id: `o${name}`, ...about, order_type: 'limit', price: '42000', status: 'rejected', reason: text },
      { type: 'note', id: `n${name}`, text, symbol: 'BTCUSDT' },
    ];
  });
}

interface Results {
  recorded: number;
  results: { status: string; error?: { field: string | null; message: string } }[];
}

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('what a bot or a note says is shown as text', async ({ page, context, server, problems }) => {
      test.slow();
      // An order that nobody knows, whose name is in an address.
      problems.allow(/status of 404 .*\/v1\/orders\//);
      const told = await post<Results>(server, `/v1/bots/${BOT}/events`, reports());
      expect(told.results.filter(({ status }) => status !== 'recorded')).toEqual([]);
      await server.addUser(ADMIN, 'admin');
      for (const text of HOSTILE) await server.makeToken(ADMIN, 'read', text);
      if (javaScriptEnabled) await recordViolations(context);
      await server.signIn(context, ADMIN);
      const main = page.locator('main');
      const look = async (path: string, shown: readonly string[]) => {
        await page.goto(server.url + path);
        if (javaScriptEnabled) await isLive(page);
        for (const text of shown) await expect(main, path).toContainText(text);
        // Nothing of it became an element.
        await expect(page.locator('[src="x"], [onerror], [onload], [href^="javascript:"]'), path).toHaveCount(0);
        const scripts = await page.locator('script').evaluateAll((all) => all.filter((one) => one.textContent?.trim().startsWith('window.pwned')).length);
        expect(scripts, path).toBe(0);
        if (javaScriptEnabled) expect(await page.evaluate(() => [window.pwned, window.violations]), path).toEqual([undefined, []]);
      };
      await look(`/?bot=${BOT}`, []);
      await look(`/decisions?bot=${BOT}`, HOSTILE);
      await look(`/trades?bot=${BOT}`, ['reported']);
      await look(`/trade?bot=${BOT}`, HOSTILE);
      await look(`/models?bot=${BOT}`, NAMES);
      await look(`/positions?bot=${BOT}`, []);
      for (const [index, name] of NAMES.entries()) {
        await look(`/decisions/${encodeURIComponent(`d${name}`)}?bot=${BOT}`, [HOSTILE[index] ?? '', name]);
        await look(`/trade?bot=${BOT}&order=${encodeURIComponent(`o${name}`)}`, []);
      }
      await look('/tokens', HOSTILE);
      await look('/settings', []);
      // What comes with the address is only ever repeated.
      for (const text of HOSTILE) {
        const said = encodeURIComponent(text);
        for (const path of [`/decisions?model=${said}&symbol=${said}`, `/?bot=${said}`, `/market/${said}`, `/trade?order=${said}`, `/models?model=${said}`]) {
          await look(path, []);
        }
      }
    });
  });
}

test('names that could be markup are refused', async ({ page, context, server }) => {
  for (const [index, text] of HOSTILE.entries()) {
    const fill = { type: 'fill', id: `s-${index}`, symbol: text, side: 'buy', quantity: '1', price: '1' };
    const { results } = await post<Results>(server, `/v1/bots/${BOT}/events`, [fill]);
    expect(results[0], text).toMatchObject({ status: 'rejected', error: { field: 'symbol' } });
  }
  await server.addUser(ADMIN, 'admin');
  await server.signIn(context, ADMIN);
  for (const name of HOSTILE) {
    const added = await context.request.post(`${server.url}/v1/users`, {
      headers: { Origin: server.url },
      data: { name, role: 'viewer', password: 'a long password' },
    });
    expect(added.status(), name).toBe(400);
    expect((await added.json()).detail, name).toContain('a-z');
  }
  // A form leads nowhere else, whatever its address says.
  for (const next of ['javascript:alert(1)', '//127.0.0.2/', 'http://127.0.0.2/', '/\\127.0.0.2']) {
    await page.goto(`${server.url}/login?next=${encodeURIComponent(next)}`);
    await expect(page.locator('[name="next"]'), next).toHaveValue('/');
  }
});
