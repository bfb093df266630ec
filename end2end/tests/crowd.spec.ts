// A page among many: clients by the hundred, some that never read, all of them cut and back at once, and a
// server that is killed in the middle of it. The badge tells the truth and the figures are right in the end.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { SERVER_GONE, expect, test } from '../fixtures';
import { type Figures, get } from '../rest';
import { ROOT, type Server } from '../server';
import { badge, field, figures, isLive, recordFigures, recordStates, status } from '../watch';
import { canonical } from '../decimal';

const LOAD = path.resolve(ROOT, process.env.PLAINSIGHT_LOAD_BIN || 'target/debug/plainsight-load');

test.use({ speed: '60' });

interface Storm {
  resumed: number;
  resyncs: number;
  gaps: number;
  duplicates: number;
}

/** The load tool at work on this server; its figures when it has ended. */
function load(server: Server, ...args: string[]): { child: ChildProcess; figures: Promise<Record<string, unknown>> } {
  const child = spawn(LOAD, [...args, '--url', `${server.wsUrl}/v1/ws`, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  let noise = '';
  child.stdout.on('data', (part) => (text += part));
  child.stderr.on('data', (part) => (noise += part));
  const ended = once(child, 'close').then(([code]) => {
    if (code !== 0) throw new Error(`plainsight-load ended with ${code}: ${noise}`);
    return JSON.parse(text) as Record<string, unknown>;
  });
  // Whoever kills it is not interested in its end.
  ended.catch(() => undefined);
  return { child, figures: ended };
}

test('the badge tells the truth and every figure is right, whatever the others do', async ({ page, open, server, problems }) => {
  test.slow();
  problems.allow(SERVER_GONE);
  await recordStates(page);
  await recordFigures(page);
  await open('/positions');
  await isLive(page);
  const states = () => page.evaluate(() => window.recordedStates);
  const equity = field(page, 'portfolio.equity');

  // Many beside it, some of whom never read; what they follow comes to the page as well.
  const crowd = load(server, 'clients', '--topic', 'agent:paper', '--clients', '200', '--slow', '20', '--seconds', '8', '--warmup', '1');
  await expect.poll(async () => (await get<{ clients: number }>(server, '/health')).body.clients).toBeGreaterThan(200);
  const seen = new Set<string | null>();
  for (const end = Date.now() + 4_000; Date.now() < end; await page.waitForTimeout(250)) {
    seen.add(await equity.getAttribute('data-seq'));
    await expect(badge(page), 'its own connection is up').toHaveAttribute('data-state', /^(live|degraded)$/);
  }
  expect(seen.size, 'figures move').toBeGreaterThan(3);
  const read = (await crowd.figures) as { gaps: number; duplicates: number };
  expect([read.gaps, read.duplicates]).toEqual([0, 0]);

  // All of them cut at once, and back.
  const storm = (await load(server, 'storm', '--topic', 'decisions:paper', '--clients', '300', '--seconds', '1').figures) as unknown as Storm;
  expect(storm).toMatchObject({ resumed: 300, resyncs: 0, gaps: 0, duplicates: 0 });
  expect(await states(), 'nothing of it was the page’s').not.toContain('reconnecting');
  expect((await status(page)).stats.reconnects).toBe(0);

  // The server is killed among them.
  const others = load(server, 'clients', '--topic', 'agent:paper', '--clients', '200', '--seconds', '60');
  await expect.poll(async () => (await get<{ clients: number }>(server, '/health')).body.clients).toBeGreaterThan(200);
  await server.kill();
  others.child.kill('SIGKILL');
  await expect(badge(page)).toHaveAttribute('data-state', 'reconnecting', { timeout: 5_000 });
  await expect(equity).toHaveClass(/\bstale\b/);
  await server.start();
  const returned = load(server, 'clients', '--topic', 'agent:paper', '--clients', '200', '--seconds', '4', '--warmup', '1');
  await isLive(page, 15_000);
  await expect(equity).not.toHaveClass(/\bstale\b/);

  // Figures at the same seq are the same as REST's.
  const answers = new Map<string, Figures>();
  for (const end = Date.now() + 5_000; Date.now() < end; await page.waitForTimeout(50)) {
    const { seq, body } = await get<Figures>(server, '/v1/portfolio');
    answers.set(seq, body);
  }
  await returned.figures;
  const shown = await figures(page);
  let moments = 0;
  for (const [seq, body] of answers) {
    const figure = shown.get(`portfolio.equity@${seq}`);
    if (figure === undefined) continue;
    moments += 1;
    expect(canonical(figure), `equity at seq ${seq}`).toBe(canonical(body.equity as string));
  }
  expect(moments, 'moments that both have').toBeGreaterThan(0);
  expect((await states()).filter((state, place, all) => state !== 'degraded' && state !== all[place - 1])).toContain('reconnecting');
});
