// How long a visitor waits until the page is live under the fingers: from the start of a navigation
// to `body[data-hydrated]`, the median of several in a fresh Chromium context each.
//
//     node end2end/measure-hydration.mjs http://127.0.0.1:3000/ [navigations, 11 by default]
//
// With PLAINSIGHT_TOKEN it sees the page as the token's owner does, trading controls and all.
import { existsSync } from 'node:fs';
import { chromium } from '@playwright/test';

const [url, count = '11'] = process.argv.slice(2);
if (!url) {
  console.error('usage: node end2end/measure-hydration.mjs URL [NAVIGATIONS]');
  process.exit(2);
}
const token = process.env.PLAINSIGHT_TOKEN;
const extraHTTPHeaders = token ? { Authorization: `Bearer ${token}` } : {};
const executablePath =
  process.env.CHROMIUM_PATH ||
  ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));
const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
const browser = await chromium.launch({ executablePath, args });

/** One navigation with an empty cache, ms. */
async function measure() {
  const context = await browser.newContext({ extraHTTPHeaders });
  try {
    const page = await context.newPage();
    await page.addInitScript(() => {
      const look = () => {
        // Times of the performance clock count from the start of the navigation.
        if (document.body?.hasAttribute('data-hydrated')) window.hydratedAt ??= performance.now();
      };
      new MutationObserver(look).observe(document, { subtree: true, childList: true, attributeFilter: ['data-hydrated'] });
    });
    await page.goto(url, { timeout: 30_000 });
    const handle = await page.waitForFunction(() => window.hydratedAt, undefined, { timeout: 30_000, polling: 20 });
    return await handle.jsonValue();
  } finally {
    await context.close();
  }
}

try {
  await measure(); // the browser itself warms up
  const times = [];
  for (let n = 0; n < Number(count); n += 1) times.push(await measure());
  times.sort((a, b) => a - b);
  const ms = (time) => `${time.toFixed(0)} ms`;
  const median = times[Math.floor(times.length / 2)];
  console.log(`hydrated ${ms(median)} after the navigation began (median of ${times.length}, ${ms(times[0])} to ${ms(times.at(-1))})`);
} finally {
  await browser.close();
}
