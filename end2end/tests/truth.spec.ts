// One truth: the browser, REST and the journal say the same of the same moment, to the last digit.
import { Decimal, canonical } from '../decimal';
import { expect, test } from '../fixtures';
import { accountOf } from '../journal';
import { type Figures, type Fill, type Position, everyPage, get, idsOf } from '../rest';
import { MISSING, slice } from '../slice';
import { field, figures, idsIn, isLive, recordFigures } from '../watch';

const SYMBOL = 'BTCUSDT';
const PORTFOLIO = ['equity', 'cash', 'invested', 'realised_pnl', 'unrealised_pnl', 'fees', 'net_pnl', 'day_pnl'];

test.beforeAll('the recorded trades are there', () => {
  if (MISSING && process.env.CI === 'true') throw new Error(MISSING);
  if (MISSING) console.log(`skipped: ${MISSING}`);
  test.skip(MISSING !== undefined, MISSING);
});

// Where there is nothing to replay, the test above has said so.
const half = MISSING ? undefined : slice(30);

test.describe('a replay that has ended', () => {
  test.use({ feed: half?.feed ?? '', speed: 'max' });

  test('browser, REST and journal agree', async ({ page, open, server }) => {
    await open('/positions');
    await expect(page.locator('.mode'), 'all of it is replayed').toHaveText('REPLAY ended', { timeout: 45_000 });
    await isLive(page);

    // Nothing moves any more: what REST says is what the page must come to.
    const portfolio = await get<Figures>(server, '/v1/portfolio');
    const positions = await get<Position[]>(server, '/v1/positions');
    const performance = await get<Figures>(server, '/v1/performance');
    const trades = await everyPage<Fill>(server, '/v1/trades');
    const seq = portfolio.seq;
    expect([positions.seq, performance.seq], 'REST answers at one seq').toEqual([seq, seq]);
    expect(Number(seq), 'an input for each row').toBeGreaterThanOrEqual(half?.rows ?? 0);
    expect(trades.length, 'it traded').toBeGreaterThan(0);
    expect(portfolio.body.invariant).toBe('holds');

    // The browser.
    const shows = async (name: string, value: unknown) => {
      await expect(field(page, name), name).toHaveAttribute('data-seq', seq);
      expect(canonical(await field(page, name).getAttribute('data-value')), name).toBe(canonical(value as string));
    };
    const row = page.locator(`main tr[data-id="${SYMBOL}"]`);
    const position = positions.body.find(({ symbol }) => symbol === SYMBOL);
    if (!position) throw new Error('no position');
    for (const name of ['equity', 'cash', 'deposits', 'invested', 'net_pnl', 'day_pnl', 'realised_pnl', 'unrealised_pnl', 'fees']) {
      await shows(`portfolio.${name}`, portfolio.body[name]);
    }
    const cells = await row.locator('[data-value]').evaluateAll((all) => all.map((one) => one.getAttribute('data-value')));
    const { quantity, mark_price, value, unrealised_pnl, realised_pnl, fees } = position;
    for (const figure of [quantity, mark_price, value, unrealised_pnl, realised_pnl, fees]) {
      expect(cells.map(canonical), 'the row of the position').toContain(canonical(figure));
    }
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Trades', exact: true }).click();
    await expect.poll(() => idsIn(page.locator('main'))).toEqual(idsOf(trades).slice(0, 100));
    const shown = await page.locator('main tbody tr').evaluateAll((rows) =>
      rows.map((row) => [...row.querySelectorAll('[data-value]')].slice(0, 4).map((cell) => cell.getAttribute('data-value'))),
    );
    expect(shown.map((row) => row.map(canonical))).toEqual(
      trades.slice(0, 100).map(({ quantity, price, value, fee }) => [quantity, price, value, fee].map(canonical)),
    );
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Performance', exact: true }).click();
    await shows('performance.fees_paid', performance.body.fees_paid);

    // The journal, folded from nothing but its deposits, fills and marks.
    const account = await accountOf(server.dataDir, 'paper', Number(seq));
    expect({
      cash: account.cash.toString(),
      deposits: account.deposits.toString(),
      fees: account.fees.toString(),
      quantity: account.quantities.get(SYMBOL)?.toString(),
      mark: account.marks.get(SYMBOL)?.toString(),
      equity: account.equity.toString(),
      fills: account.fills,
    }).toEqual({
      cash: canonical(portfolio.body.cash as string),
      deposits: canonical(portfolio.body.deposits as string),
      fees: canonical(portfolio.body.fees as string),
      quantity: canonical(position.quantity),
      mark: canonical(position.mark_price),
      equity: canonical(portfolio.body.equity as string),
      fills: idsOf(trades).reverse(),
    });
    console.log(`${half?.rows} rows, seq ${seq}: ${trades.length} fills, equity ${account.equity} in browser, REST and journal`);
  });
});

test.describe('a replay that runs', () => {
  test.use({ feed: half?.feed ?? '', speed: '60' });

  test('at the same seq the page and REST say the same, and the page adds up', async ({ page, open, server }) => {
    await recordFigures(page);
    await open('/positions');
    await isLive(page);
    await expect(page.locator('.mode')).toHaveText('REPLAY');
    await expect.poll(async () => (await get<Fill[]>(server, '/v1/trades')).body.length, { timeout: 20_000 }).toBeGreaterThan(0);

    const answers = new Map<string, Figures>();
    for (const end = Date.now() + 8_000; Date.now() < end; ) {
      const { seq, body } = await get<Figures>(server, '/v1/portfolio');
      const known = answers.get(seq);
      if (known) expect(body, `two answers at seq ${seq}`).toEqual(known);
      answers.set(seq, body);
      await page.waitForTimeout(50);
    }
    const shown = await figures(page);
    let moments = 0;
    for (const [seq, body] of answers) {
      if (!shown.has(`portfolio.equity@${seq}`)) continue;
      moments += 1;
      for (const name of PORTFOLIO) {
        const figure = shown.get(`portfolio.${name}@${seq}`);
        if (figure !== undefined) expect(canonical(figure), `${name} at seq ${seq}`).toBe(canonical(body[name] as string));
      }
    }
    expect(moments, 'moments that both have').toBeGreaterThan(0);

    let sums = 0;
    for (const [key, positions] of shown) {
      const [name, seq] = key.split('@');
      if (name !== 'positions.value') continue;
      const at = (name: string) => Decimal.of(shown.get(`portfolio.${name}@${seq}`));
      expect(at('cash').plus(Decimal.of(positions)).toString(), `cash + positions at seq ${seq}`).toBe(at('equity').toString());
      const earned = at('realised_pnl').plus(at('unrealised_pnl')).minus(at('fees'));
      expect(earned.toString(), `P&L − fees at seq ${seq}`).toBe(canonical(shown.get(`portfolio.gain@${seq}`)));
      sums += 1;
    }
    expect(sums, 'sums that the page showed').toBeGreaterThan(0);
    console.log(`${answers.size} answers, ${moments} at a seq that the page showed too, all equal; ${sums} sums on the page add up`);
  });

  test('Overview, Positions, Performance, REST and the journal agree while everything moves', async ({ context, server }) => {
    const open = async (path: string) => {
      const page = await context.newPage();
      await recordFigures(page);
      await page.goto(server.url + path);
      await isLive(page);
      return page;
    };
    const pages = { Overview: await open('/'), Positions: await open('/positions'), Performance: await open('/performance') };
    await expect.poll(async () => (await get<Fill[]>(server, '/v1/trades')).body.length, { timeout: 30_000 }).toBeGreaterThan(0);
    const portfolios = new Map<string, Figures>();
    const marks = new Map<string, Position[]>();
    for (const end = Date.now() + 10_000; Date.now() < end; ) {
      const [portfolio, positions] = await Promise.all([get<Figures>(server, '/v1/portfolio'), get<Position[]>(server, '/v1/positions')]);
      portfolios.set(portfolio.seq, portfolio.body);
      marks.set(positions.seq, positions.body);
    }
    const compared = { Overview: 0, Positions: 0, Performance: 0, journal: 0, marks: 0 };
    for (const [name, page] of Object.entries(pages) as [keyof typeof pages, (typeof pages)['Overview']][]) {
      const shown = await figures(page);
      for (const [seq, body] of portfolios) {
        const figure = shown.get(`portfolio.equity@${seq}`);
        if (figure === undefined) continue;
        expect(canonical(figure), `equity on ${name} at seq ${seq}`).toBe(canonical(body.equity as string));
        compared[name] += 1;
      }
    }
    // The journal, as it stood at some of those moments: its cash and quantities, at the prices of then.
    const moments = [...portfolios.keys()].filter((seq) => marks.has(seq));
    for (const seq of moments.filter((_, index) => index % Math.ceil(moments.length / 8) === 0)) {
      const account = await accountOf(server.dataDir, 'paper', Number(seq));
      const body = portfolios.get(seq) as Figures;
      expect(account.cash.toString(), `cash at seq ${seq}`).toBe(canonical(body.cash as string));
      expect(account.fees.toString(), `fees at seq ${seq}`).toBe(canonical(body.fees as string));
      const prices = new Map(marks.get(seq)?.map(({ symbol, mark_price }) => [symbol, Decimal.of(mark_price)]));
      const values = [...account.quantities].map(([symbol, quantity]) => quantity.times(prices.get(symbol) ?? Decimal.ZERO));
      expect(Decimal.sum([account.cash, ...values]).toString(), `equity at seq ${seq}`).toBe(canonical(body.equity as string));
      compared.journal += 1;
      // The journal marks each second once: where the price has not moved since, it says it all alone.
      const marked = [...account.quantities.keys()].every((symbol) => account.marks.get(symbol)?.toString() === prices.get(symbol)?.toString());
      if (marked) {
        expect(account.equity.toString(), `equity of the journal at seq ${seq}`).toBe(canonical(body.equity as string));
        compared.marks += 1;
      }
    }
    console.log(`${portfolios.size} answers; at the same seq: ${JSON.stringify(compared)}`);
    for (const name of ['Overview', 'Positions', 'Performance', 'journal'] as const) {
      expect(compared[name], `moments that ${name} shares with REST`).toBeGreaterThan(0);
    }
  });
});
