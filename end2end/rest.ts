import type { Server } from './server';

const TIMEOUT_MS = 5_000;
const PAGE = 100;

/** A REST answer with the seq that it is true at. */
export interface Answer<T> {
  seq: string;
  body: T;
  /** The `before` of the next page. */
  next: string | null;
}

export interface Fill {
  id: string;
  bot: string;
  symbol: string;
  side: 'buy' | 'sell';
  quantity: string;
  price: string;
  value: string;
  fee: string;
}

export interface Position {
  symbol: string;
  quantity: string;
  cost: string;
  mark_price: string | null;
  value: string;
  unrealised_pnl: string;
  realised_pnl: string;
  fees: string;
}

export interface Order {
  id: string;
  client_order_id: string | null;
  symbol: string;
  side: 'buy' | 'sell';
  type: string;
  status: string;
  quantity: string;
  filled_quantity: string;
  price: string | null;
  stop_price: string | null;
  link: { group: string; role: string } | null;
}

/** A portfolio's figures; they are strings, but for counts and the like. */
export type Figures = Record<string, unknown>;

/** What every request says: who asks. */
const asks = (server: Server) => ({ Authorization: `Bearer ${server.token}` });

export async function get<T>(server: Server, path: string): Promise<Answer<T>> {
  const response = await fetch(server.url + path, { headers: asks(server), signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
  const seq = response.headers.get('plainsight-seq');
  if (seq === null) throw new Error(`GET ${path}: no Plainsight-Seq`);
  return { seq, body: (await response.json()) as T, next: response.headers.get('plainsight-next-before') };
}

export async function post<T>(server: Server, path: string, body: unknown): Promise<T> {
  const response = await fetch(server.url + path, {
    method: 'POST',
    headers: { ...asks(server), 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

/** All of a bot's log, newest first, page by page. */
export async function everyPage<T>(server: Server, path: '/v1/trades' | '/v1/decisions', bot = 'paper'): Promise<T[]> {
  const all: T[] = [];
  for (let before: string | null = ''; before !== null; ) {
    const query = new URLSearchParams({ bot, limit: String(PAGE), ...(before && { before }) });
    const page: Answer<T[]> = await get<T[]>(server, `${path}?${query}`);
    all.push(...page.body);
    before = page.next;
  }
  return all;
}

/** Ids in order, each where it comes first. */
export function idsOf(items: readonly { id: string }[]): string[] {
  return [...new Set(items.map(({ id }) => id))];
}
