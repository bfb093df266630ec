// A page that nobody touches: it takes over from the server's HTML without a flash and moves by itself.
import { SERVER_GONE, expect, test } from '../fixtures';
import { get } from '../rest';
import { Sockets, badge, field, figures, idsIn, isLive, recordFigures, recordStates, status } from '../watch';

test.use({ speed: '60' });

test.beforeEach('the bot has traded', async ({ server }) => {
  await expect.poll(async () => (await get<unknown[]>(server, '/v1/trades')).body.length).toBeGreaterThan(2);
});

test('figures change without a reload', async ({ page, open }) => {
  await open('/');
  let loads = 0;
  page.on('load', () => (loads += 1));
  const origin = await page.evaluate(() => performance.timeOrigin);
  for (const name of ['portfolio.equity', 'portfolio.day_pnl']) {
    const before = await field(page, name).getAttribute('data-value');
    await expect(field(page, name), `${name} changes`).not.toHaveAttribute('data-value', before ?? '');
  }
  await expect.poll(async () => (await idsIn(page.locator('.decisions'))).length).toBeGreaterThan(2);
  await page.getByRole('link', { name: 'Market', exact: true }).first().click();
  const price = field(page, 'market.price');
  const text = await price.innerText();
  await expect(price, 'the price changes').not.toHaveText(text);
  expect(loads, 'page loads').toBe(0);
  expect(await page.evaluate(() => performance.timeOrigin)).toBe(origin);
});

for (const path of ['/', '/market', '/trades', '/positions', '/decisions', '/models', '/performance', '/system']) {
  test(`${path} hydrates without a flash and fetches nothing again`, async ({ page, open }) => {
    const sockets = await Sockets.of(page);
    const fetched: string[] = [];
    page.on('request', (request) => {
      const { pathname } = new URL(request.url());
      if (pathname.startsWith('/v1/') && pathname !== '/v1/ws') fetched.push(pathname);
    });
    // The page at the moment in which it says that it is hydrated: nothing has come by then.
    await page.addInitScript(() => {
      const observer = new MutationObserver(() => {
        if (!document.body?.hasAttribute('data-hydrated')) return;
        observer.disconnect();
        const frame = document.querySelector('.frame');
        Object.assign(window, { atHydration: frame?.outerHTML ?? '' });
      });
      observer.observe(document, { subtree: true, childList: true, attributes: true });
    });
    const response = await open(path);
    const html = await response.text();
    const found = await page.evaluate((html) => {
      const parse = (text: string) => new DOMParser().parseFromString(text, 'text/html');
      const read = (page: Document) => ({
        text: page.querySelector('.frame')?.textContent?.replace(/\s+/g, ' ') ?? '',
        figures: [...page.querySelectorAll('[data-field], [data-value], [data-id], [data-state]')].map((element) =>
          ['data-field', 'data-value', 'data-seq', 'data-id', 'data-state']
            .map((name) => element.getAttribute(name) ?? '')
            .concat(element.textContent ?? '')
            .join('|'),
        ),
      });
      // A script that runs sees no <noscript> content, and neither does a reader.
      const without = (page: Document) => {
        page.querySelectorAll('noscript').forEach((element) => element.remove());
        return page;
      };
      const boot = parse(html).getElementById('plainsight-boot')?.textContent ?? '{}';
      const { atHydration } = window as unknown as { atHydration: string };
      return {
        served: read(without(parse(html))),
        hydrated: read(without(parse(atHydration))),
        boot: JSON.parse(boot) as { topics: { topic: string; epoch: string; offset: number }[] },
      };
    }, html);
    expect(found.served.figures.length, 'figures in the HTML').toBeGreaterThan(3);
    expect(found.hydrated).toEqual(found.served);

    await isLive(page);
    expect(fetched, 'requests to the API').toEqual([]);
    const places = new Map(found.boot.topics.map(({ topic, epoch, offset }) => [topic, { epoch, offset }]));
    const [first, ...more] = sockets.sentOf('subscribe');
    const asked = (first?.topics ?? []) as { topic: string; since?: { epoch: string; offset: number } }[];
    expect(asked.length).toBeGreaterThan(1);
    for (const { topic, since } of asked) expect(since, `${topic} goes on from the page`).toEqual(places.get(topic));
    expect(more, 'one frame asks for everything').toEqual([]);
    await expect.poll(() => sockets.receivedOf('resumed').length).toBe(asked.length);
    expect(sockets.receivedOf('resync'), 'nothing starts again').toEqual([]);
  });
}

test('the chart takes over from the drawing of the server', async ({ page, open }) => {
  await open('/market');
  await expect(page.locator('.chart-live[data-chart="ready"] canvas').first()).toBeVisible();
  await expect(page.locator('.chart-still')).toBeHidden();
});

test('the chart comes late when its library did not arrive at first', async ({ page, open, problems }) => {
  problems.allow(SERVER_GONE);
  let refused = 0;
  await page.route('**/vendor/lightweight-charts.js*', async (route) => {
    if (refused >= 2) return route.continue();
    refused += 1;
    return route.abort('connectionreset');
  });
  await open('/market');
  const chart = page.locator('.chart-live').first();
  await expect(chart).toHaveAttribute('data-chart', 'loading');
  await expect(page.locator('.chart-still').first(), 'the drawing stands in for it').toBeVisible();
  await expect(chart).toHaveAttribute('data-chart', 'ready', { timeout: 15_000 });
  expect(refused).toBe(2);
});

test('the badge goes from connecting to live', async ({ page, open }) => {
  await recordStates(page);
  const response = await open('/');
  expect(await response.text(), 'without a script it says that it is not live').toContain('data-state="connecting"');
  await isLive(page);
  await expect(badge(page)).toContainText('Live');
  await expect(badge(page)).toContainText('just now');
  const states = await page.evaluate(() => window.recordedStates);
  expect(states.slice(0, 2)).toEqual(['connecting', 'live']);
});

test('two tabs are live and say the same at the same seq', async ({ page, context, open, server }) => {
  await recordFigures(context);
  await open('/');
  const other = await context.newPage();
  await other.goto(server.url);
  await Promise.all([isLive(page), isLive(other)]);
  const common = async () => {
    const [here, there] = await Promise.all([figures(page), figures(other)]);
    return [...here].filter(([key]) => there.has(key)).map(([key, value]) => ({ key, here: value, there: there.get(key) }));
  };
  // A tab in the background paints less often, but what it paints is the same.
  await page.bringToFront();
  await expect.poll(async () => (await common()).length, { timeout: 20_000 }).toBeGreaterThan(40);
  const found = await common();
  expect(found.filter(({ here, there }) => here !== there)).toEqual([]);
  const seqs = new Set(found.filter(({ key }) => key.startsWith('portfolio.equity@')).map(({ key }) => key));
  expect(seqs.size, 'equities compared').toBeGreaterThan(2);
  console.log(`two tabs: ${found.length} figures at a common seq, ${seqs.size} of them equities`);
});

test('one socket serves every page', async ({ page, open }) => {
  const sockets = await Sockets.of(page);
  await open('/');
  await isLive(page);
  const pages = page.getByRole('navigation', { name: 'Pages' });
  for (const name of ['Market', 'Trades', 'Positions', 'Decisions', 'Models', 'Performance', 'System', 'Overview']) {
    await pages.getByRole('link', { name, exact: true }).click();
    await expect(page.locator('h1')).toHaveText(name);
    await expect(page.locator('main .absent[aria-busy]'), `${name} has its content`).toHaveCount(0);
    await isLive(page);
  }
  expect(sockets.opened).toBe(1);
});

test('a topic is left five seconds after its page, and its value kept', async ({ page, open }) => {
  const sockets = await Sockets.of(page);
  await open('/decisions');
  await isLive(page);
  const agent = async () => (await status(page)).topics['agent:paper'];
  await expect.poll(async () => (await agent())?.subscribed).toBe(true);
  // The page is left at the earliest now, however late its end is seen.
  const left = Date.now();
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'System', exact: true }).click();
  await expect(page.locator('h1')).toHaveText('System');
  expect(await agent()).toMatchObject({ users: 0, subscribed: true });
  await expect.poll(async () => (await agent())?.subscribed, { timeout: 9_000, intervals: [100] }).toBe(false);
  const waited = Date.now() - left;
  expect(waited).toBeGreaterThan(4_000);
  expect((await agent())?.offset, 'the value is kept').toBeGreaterThan(0);
  const unsubscribed = sockets.sentOf('unsubscribe').flatMap(({ topics }) => topics as string[]);
  expect(unsubscribed).toContain('agent:paper');
  // Whoever comes back goes on from there.
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Decisions', exact: true }).click();
  await expect.poll(async () => (await agent())?.subscribed).toBe(true);
  const again = sockets.sentOf('subscribe').flatMap(({ topics }) => topics as { topic: string; since?: unknown }[]);
  expect(again.findLast(({ topic }) => topic === 'agent:paper')?.since).toBeTruthy();
  console.log(`unsubscribed ${waited} ms after the page was left`);
});
