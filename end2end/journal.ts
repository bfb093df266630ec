import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { Decimal } from './decimal';
import type { Fill } from './rest';

const run = promisify(execFile);

// Node has no SQLite of its own before version 22; Python's comes with it.
const READ = `
import sqlite3, sys
journal = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
for (body,) in journal.execute("SELECT body FROM events WHERE kind IN ('deposit', 'fill', 'mark') ORDER BY seq, idx"):
    print(body.decode())
`;

interface Record {
  seq: number;
  event: {
    deposit?: { bot: string; deposit: { amount: string } };
    fill?: Fill;
    mark?: { symbol: string; price: string };
  };
}

/** An account as the journal's events alone tell it. */
export interface Account {
  cash: Decimal;
  deposits: Decimal;
  fees: Decimal;
  fills: string[];
  /** By symbol. */
  quantities: Map<string, Decimal>;
  /** The last price of each symbol. */
  marks: Map<string, Decimal>;
  /** Cash and every quantity at its last mark. */
  equity: Decimal;
}

/** Folds the journal in `dataDir` up to and including `seq` into a bot's account. */
export async function accountOf(dataDir: string, bot: string, seq: number): Promise<Account> {
  const file = path.join(dataDir, 'plainsight.db');
  const { stdout } = await run('python3', ['-c', READ, file], { maxBuffer: 1 << 28, timeout: 20_000 });
  let [cash, deposits, fees] = [Decimal.ZERO, Decimal.ZERO, Decimal.ZERO];
  const fills: string[] = [];
  const quantities = new Map<string, Decimal>();
  const marks = new Map<string, Decimal>();
  for (const line of stdout.split('\n').filter(Boolean)) {
    const { seq: at, event } = JSON.parse(line) as Record;
    if (at > seq) break;
    if (event.mark) marks.set(event.mark.symbol, Decimal.of(event.mark.price));
    if (event.deposit?.bot === bot) {
      const amount = Decimal.of(event.deposit.deposit.amount);
      cash = cash.plus(amount);
      deposits = deposits.plus(amount);
    }
    const fill = event.fill;
    if (fill?.bot === bot) {
      const [quantity, price, fee] = [Decimal.of(fill.quantity), Decimal.of(fill.price), Decimal.of(fill.fee)];
      const value = quantity.times(price);
      const held = quantities.get(fill.symbol) ?? Decimal.ZERO;
      const bought = fill.side === 'buy';
      cash = (bought ? cash.minus(value) : cash.plus(value)).minus(fee);
      quantities.set(fill.symbol, bought ? held.plus(quantity) : held.minus(quantity));
      fees = fees.plus(fee);
      fills.push(fill.id);
    }
  }
  const values = [...quantities].map(([symbol, quantity]) => quantity.times(marks.get(symbol) ?? Decimal.ZERO));
  return { cash, deposits, fees, fills, quantities, marks, equity: Decimal.sum([cash, ...values]) };
}
