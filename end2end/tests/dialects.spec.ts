// The older dashboards' pages: a browser's WebSocket and Socket.IO from a page on another port of this machine.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type Server as HttpServer, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { expect, test } from '../fixtures';
import { ROOT } from '../server';

type Frame = Record<string, unknown>;

test.use({ speed: '100', visitor: 'stranger' });

let site: HttpServer;
let address: string;

test.beforeAll(async () => {
  const client = await readFile(path.join(ROOT, 'node_modules/socket.io-client/dist/socket.io.min.js'));
  site = createServer((request, response) => {
    const isScript = request.url === '/socket.io.js';
    response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? client : '<!DOCTYPE html><title>An older dashboard</title><script src="/socket.io.js"></script>');
  }).listen(0, '127.0.0.1');
  await once(site, 'listening');
  address = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
});

test.afterAll(() => {
  site.closeAllConnections();
  site.close();
});

for (const transport of ['websocket', 'polling']) {
  test(`Socket.IO by ${transport} subscribes and receives`, async ({ page, server }) => {
    await page.goto(address);
    const seen = await page.evaluate(
      ({ url, transport, token }) =>
        new Promise<Record<string, Frame>>((resolve, reject) => {
          // biome-ignore lint: the client's own global
          const socket = (window as any).io(url, { transports: [transport], auth: { token } });
          const seen: Record<string, Frame> = {};
          const wanted = ['connected', 'subscription_confirmed', 'portfolio_update', 'trade_feed', 'ai_decision'];
          for (const event of wanted) {
            socket.on(event, (data: Frame) => {
              seen[event] ??= data;
              if (event === 'connected') socket.emit('subscribe', { streams: wanted.slice(2) });
              if (wanted.every((event) => event in seen)) resolve(seen);
            });
          }
          socket.on('connect_error', reject);
        }),
      { url: server.url, transport, token: server.token },
    );
    expect(seen.portfolio_update?.total_equity).toEqual(expect.any(Number));
    expect(seen.trade_feed).toMatchObject({ status: 'filled', price: expect.any(Number) });
  });
}

test('a page of another port reads the older addresses with its token', async ({ page, server }) => {
  await page.goto(address);
  for (const path of ['/api/portfolio', '/api/v1/status', '/health']) {
    const told = await page.evaluate(
      async ({ url, token }) => {
        // A header of its own: the browser asks first whether it may be sent.
        const answer = await fetch(url, { headers: { Authorization: `Bearer ${token}` } });
        return { status: answer.status, body: (await answer.json()) as Frame };
      },
      { url: server.url + path, token: server.token },
    );
    expect(told.status, path).toBe(200);
    expect(Object.keys(told.body).length, path).toBeGreaterThan(2);
  }
});

test('a plain WebSocket of each dialect opens, and its first word comes at once', async ({ page, server }) => {
  await page.goto(address);
  const sockets: [string, Frame | null, string][] = [
    ['/api/v1/bot/ws/portfolio', null, 'event'],
    ['/ws', { type: 'subscribe', data: { channels: ['dashboard'] } }, 'type'],
    ['/api/ws/realtime', { action: 'subscribe_ticker', symbol: 'BTCUSDT' }, 'type'],
    ['/stream/live', null, 'pnl'],
  ];
  for (const [path, first, field] of sockets) {
    const told = await page.evaluate(
      ({ url, first }) =>
        new Promise<Frame>((resolve, reject) => {
          const socket = new WebSocket(url);
          socket.onopen = () => first && socket.send(JSON.stringify(first));
          socket.onmessage = ({ data }) => resolve(JSON.parse(data));
          socket.onclose = ({ code }) => reject(new Error(`closed with ${code}`));
        }),
      { url: `${server.wsUrl}${path}?token=${server.token}`, first },
    );
    expect(told, path).toHaveProperty(field);
  }
  // A browser cannot set a header: the token may also come as a subprotocol.
  const protocol = await page.evaluate(
    ({ url, token }) =>
      new Promise<string>((resolve, reject) => {
        const socket = new WebSocket(url, ['bearer', token]);
        socket.onopen = () => resolve(socket.protocol);
        socket.onclose = ({ code }) => reject(new Error(`closed with ${code}`));
      }),
    { url: `${server.wsUrl}/stream/live`, token: server.token },
  );
  expect(protocol).toBe('bearer');
});
