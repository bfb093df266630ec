import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT } from './server';

/** Recorded trades, see the README there. Not part of this repository. */
const FOLDER = path.resolve(ROOT, '../shared/data/binance_aggtrades_btcusdt_20240101');
export const ZIP = path.join(FOLDER, 'BTCUSDT-aggTrades-2024-01-01.zip');
export const MISSING = existsSync(ZIP) ? undefined : `no recorded trades: there is no ${path.relative(ROOT, ZIP)}`;

// The slice ends with the first trade of a second at the price of the one before: then the journal's
// last mark, which is made when a second is over, is the price at which everything is valued.
const WRITE = `
import io, sys, zipfile
archive, minutes, target = sys.argv[1], int(sys.argv[2]), sys.argv[3]
dump = zipfile.ZipFile(archive)
rows, end, first = [], 0, None
for line in io.TextIOWrapper(dump.open(dump.namelist()[0]), newline=""):
    fields = line.split(",")
    if not fields[0].isdigit():
        continue
    price, time = fields[1], int(fields[5])
    first = first or time
    if time >= first + minutes * 60_000:
        break
    if rows and price == last_price and time // 1000 > last_time // 1000:
        end = len(rows) + 1
    rows.append(line)
    last_price, last_time = price, time
open(target, "w").writelines(rows[:end])
print(end)
`;

export interface Slice {
  feed: string;
  rows: number;
}

/** The first minutes of the recorded day as a file of its own. */
export function slice(minutes: number): Slice {
  const directory = mkdtempSync(path.join(tmpdir(), 'plainsight-slice-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  // The feed reads the symbol and the kind of its rows from the name.
  const file = path.join(directory, 'BTCUSDT-aggTrades-2024-01-01.csv');
  const rows = Number(execFileSync('python3', ['-c', WRITE, ZIP, String(minutes), file], { timeout: 30_000 }));
  return { feed: `replay:${file}`, rows };
}
