// Another site's page in a browser that is signed in here. It is on another port of the same address: the
// browser sends the cookies along, and only the origin tells the two apart.
import { once } from 'node:events';
import { type Server as HttpServer, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures';
import { get } from '../rest';
import type { Server } from '../server';

// The agent's own orders would stand between ours.
test.use({ serverEnv: { PLAINSIGHT_AGENT__ENABLED: 'false' } });

const ORDER = { symbol: 'BTCUSDT', side: 'buy', type: 'limit', quantity: '0.01', price: '20000' };
const FORM = { command: 'order', bot: 'paper', symbol: 'BTCUSDT', side: 'buy', kind: 'limit', quantity: '0.01', price: '20000' };

let site: HttpServer;
let address: string;

test.beforeAll(async () => {
  site = createServer((_, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end('<!DOCTYPE html><title>Another site</title><p id="here">Another site</p>');
  }).listen(0, '127.0.0.1');
  await once(site, 'listening');
  address = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
});

test.afterAll(() => {
  site.closeAllConnections();
  site.close();
});

test.beforeEach('the other site is open, and the market has begun', async ({ page, context, server, problems }) => {
  // The browser complains of everything that it keeps the page from.
  problems.allow(/WebSocket connection to .* failed/, /CORS policy/, /net::ERR_(FAILED|BLOCKED_BY_RESPONSE)/, /status of 403/, /frame-ancestors|X-Frame-Options|Refused to display/i);
  await expect.poll(async () => (await fetch(`${server.url}/v1/candles?symbol=BTCUSDT`)).status).toBe(200);
  const me = await context.request.get(`${server.url}/v1/auth/me`);
  expect(await me.json(), 'the browser is signed in').toMatchObject({ role: 'operator' });
  await page.goto(address);
});

async function orders(server: Server): Promise<unknown[]> {
  return (await get<unknown[]>(server, '/v1/orders')).body;
}

/** What becomes of a socket that the page opens: `open`, or `refused`. */
function socket(page: Page, url: string): Promise<string> {
  return page.evaluate(
    (url) =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(url, 'plainsight.v1.json');
        socket.onopen = () => resolve('open');
        socket.onclose = () => resolve('refused');
      }),
    url,
  );
}

test('it opens no socket', async ({ page, context, server }) => {
  expect(await socket(page, `${server.wsUrl}/v1/ws`)).toBe('refused');
  const own = await context.newPage();
  await own.goto(`${server.url}/login`);
  expect(await socket(own, `${server.wsUrl}/v1/ws`), 'a page of ours does').toBe('open');
});

test('it places no order by a script', async ({ page, context, server }) => {
  const tries: [string, RequestInit][] = [
    ['with JSON', { headers: { 'Content-Type': 'application/json' } }],
    ['with text', { headers: { 'Content-Type': 'text/plain' } }],
    ['without asking first', { mode: 'no-cors', headers: { 'Content-Type': 'text/plain' } }],
  ];
  for (const [what, init] of tries) {
    const outcome = await page.evaluate(
      async ([url, init, body]) => {
        try {
          const response = await fetch(url, { ...init, method: 'POST', credentials: 'include', body });
          return `${response.type} ${response.status} ${await response.text()}`;
        } catch (error) {
          return (error as Error).name;
        }
      },
      [`${server.url}/v1/orders`, init, JSON.stringify(ORDER)] as const,
    );
    // Of an opaque answer nothing can be read, not even its status.
    expect(outcome, what).toMatch(/^(TypeError|opaque 0 )$/);
    expect(await orders(server), what).toEqual([]);
  }
  await page.evaluate(([url, body]) => navigator.sendBeacon(url, body), [`${server.url}/v1/orders`, JSON.stringify(ORDER)] as const);
  await page.evaluate((url) => navigator.sendBeacon(url), `${server.url}/v1/kill`);
  await page.waitForTimeout(500);
  expect(await orders(server), 'by a beacon').toEqual([]);
  expect((await get<{ trading: string }>(server, '/v1/portfolio')).body.trading).toBe('running');
  // The very same from a page of ours places it.
  const own = await context.request.post(`${server.url}/v1/orders`, { headers: { Origin: server.url }, data: ORDER });
  expect(own.ok()).toBe(true);
  expect(await orders(server)).toHaveLength(1);
});

test('it places no order by a form', async ({ page, context, server }) => {
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.url() === `${server.url}/trade`),
    page.evaluate(
      ([action, fields]) => {
        const form = document.createElement('form');
        Object.assign(form, { method: 'post', action });
        for (const [name, value] of Object.entries(fields)) {
          const input = document.createElement('input');
          Object.assign(input, { type: 'hidden', name, value });
          form.append(input);
        }
        document.body.append(form);
        form.submit();
      },
      [`${server.url}/trade`, FORM] as const,
    ),
  ]);
  expect(answer.status()).toBe(403);
  expect((await answer.request().allHeaders())['cookie'], 'the browser sent the cookies').toContain('plainsight_access');
  expect(await orders(server)).toEqual([]);
  const own = await context.request.post(`${server.url}/trade`, { headers: { Origin: server.url }, form: FORM });
  expect(own.ok()).toBe(true);
  expect(await orders(server)).toHaveLength(1);
});

test('it signs nobody in or out', async ({ page, context, server }) => {
  for (const path of ['/v1/auth/logout', '/login', '/join', '/account']) {
    await page.evaluate(
      (url) => fetch(url, { method: 'POST', mode: 'no-cors', credentials: 'include', body: 'command=sign_out' }).catch(() => undefined),
      server.url + path,
    );
  }
  expect(await (await context.request.get(`${server.url}/v1/auth/me`)).json()).toMatchObject({ name: 'operator', role: 'operator' });
});

test('it reads nothing', async ({ page, server }) => {
  for (const path of ['/v1/portfolio', '/v1/auth/me', '/', '/v1/users']) {
    for (const mode of ['cors', 'no-cors'] as const) {
      const read = await page.evaluate(
        async ([url, mode]) => {
          try {
            return await (await fetch(url, { mode, credentials: 'include' })).text();
          } catch (error) {
            return (error as Error).name;
          }
        },
        [server.url + path, mode] as const,
      );
      expect(read, `${path}, ${mode}`).toMatch(/^(TypeError)?$/);
    }
  }
});

test('it shows no page of ours in a frame, and holds none that it opens', async ({ page, context, server }) => {
  await page.evaluate((url) => {
    const frame = document.createElement('iframe');
    frame.src = url;
    document.body.append(frame);
    return new Promise((resolve) => (frame.onload = resolve));
  }, server.url);
  const framed = page.frames().filter((frame) => frame !== page.mainFrame());
  expect(framed).toHaveLength(1);
  await expect.poll(() => framed[0]?.url()).toBe('chrome-error://chromewebdata/');

  const [opened] = await Promise.all([context.waitForEvent('page'), page.evaluate((url) => Object.assign(window, { held: window.open(url) }) && undefined, server.url)]);
  await expect(opened.locator('h1')).toHaveText('Overview');
  expect(await opened.evaluate(() => window.opener)).toBeNull();
  await expect.poll(() => page.evaluate(() => (window as unknown as { held: Window }).held.closed)).toBe(true);
});
