// The types of Plainsight's API: frames of its socket, data of its topics, bodies of REST.
// Generated from the server's documents; the tests say how it is written anew.

/** What was done about a decision. */
export type Action =
  | {
    orders: OrderId[];
  }
  | {
    /** A risk rule kept it from trading. */
    vetoed: {
      rule: string;
    };
  }
  | "none";

export interface AddUser {
  name: UserName;
  password: string;
  role: Role;
}

/** What `agent:<bot>` carries: the agent's steps, and the notes that a bot sent. */
export type AgentEntry =
  | {
    step: AgentStep;
  }
  | {
    note: {
      bot: BotId;
      id: string;
      symbol: Symbol | null;
      text: string;
      time: TimeUs;
    };
  }
  | {
    /** The bot's trading was paused, halted or resumed. */
    trading: {
      bot: BotId;
      state: TradingState;
      time: TimeUs;
    };
  };

/** A event of `agent`. */
export interface AgentEventPush {
  data: AgentEntry;
  epoch: Epoch;
  first: number;
  kind: "event";
  last: number;
  seq: Seq;
  t_published: TimeUs;
  t_received: TimeUs;
  t_source: TimeUs | null;
  topic: `agent:${string}`;
  type: "push";
}

/** Where in its loop an agent is: observe → orient → decide → act. */
export type AgentPhase = "observe" | "orient" | "decide" | "act";

/** One transition of an agent. */
export interface AgentStep {
  bot: BotId;
  from: AgentPhase;
  reason: string;
  symbol: Symbol | null;
  time: TimeUs;
  to: AgentPhase;
  /**
   * Wall time that the phase left took, µs. In the event itself `None`: it is no figure of the core
   * and stands beside the event in the journal.
   */
  took_us: number | null;
}

export interface Alert {
  bot: BotId | null;
  /** Stable, for programs. */
  code: string;
  id: AlertId;
  /** For people. */
  message: string;
  severity: Severity;
  time: TimeUs;
}

/** An alert: `alert-<seq>-<n>`. */
export type AlertId = string;

/** A event of `alerts`. */
export interface AlertsEventPush {
  data: Alert;
  epoch: Epoch;
  first: number;
  kind: "event";
  last: number;
  seq: Seq;
  t_published: TimeUs;
  t_received: TimeUs;
  t_source: TimeUs | null;
  topic: "alerts";
  type: "push";
}

/** By our id or the client's. */
export interface AmendFrame {
  bot?: BotId | null;
  change: Amendment;
  id: number;
  order: OrderId;
  type: "amend";
}

/** What is to be different in an open order; what is absent stays. */
export interface Amendment {
  activation_price?: string | null;
  expires_at?: TimeUs | null;
  price?: string | null;
  /** The whole quantity, filled parts included. */
  quantity?: string | null;
  stop_price?: string | null;
  trail_amount?: string | null;
  trail_percent?: string | null;
}

export type AuditAction = "signed_in" | "sign_in_failed" | "signed_out" | "signed_out_everywhere" | "refresh_reused" | "joined" | "user_added" | "user_disabled" | "user_enabled" | "password_changed" | "role_changed" | "token_created" | "token_revoked" | "session_revoked" | "order" | "order_amended" | "order_cancelled" | "position_closed" | "killed" | "paused" | "resumed" | "setting_changed";

/** One thing that was done, or tried. */
export interface AuditEntry {
  action: AuditAction;
  /** The IP address that it came from; absent on the command line. */
  address: string | null;
  by: Via;
  detail: string | null;
  id: AuditId;
  /** What it was done to: a user, a token, an order. */
  subject: string | null;
  /** Wall time. */
  time: TimeUs;
  who: UserName | null;
}

/** The place of an entry in the audit: counted from 1, never used twice. */
export type AuditId = number;

/** Renews the connection's authority before the token that it came with expires. */
export interface AuthFrame {
  id: number;
  token: Credential;
  type: "auth";
}

/** Which returns the ratios of a window are made of. */
export type Basis = "intraday" | "daily";

/** A bot. The built-in one is `paper`. */
export type BotId = string;

/** Of so many resolved decisions in a row (`POINT_SIZE`) how they were, the oldest points first. */
export interface CalibrationPoint {
  brier: number;
  confidence: number;
  hit_rate: number;
  /** Market time at which the last of them was resolved. */
  time: TimeUs;
}

/** All open orders, or all of one symbol. */
export interface CancelAllFrame {
  bot?: BotId | null;
  id: number;
  symbol?: Symbol | null;
  type: "cancel_all";
}

/** By our id or the client's. */
export interface CancelFrame {
  bot?: BotId | null;
  id: number;
  order: OrderId;
  type: "cancel";
}

/** One period of one symbol, with the figures of Binance's kline rows. */
export interface Candle {
  close: string;
  /** The last instant of the period (µs). */
  close_time: TimeUs;
  /** No further print can change it. */
  closed: boolean;
  high: string;
  interval: Interval;
  low: string;
  open: string;
  open_time: TimeUs;
  /** In the quote currency: Σ price × quantity. */
  quote_volume: string;
  symbol: Symbol;
  taker_buy_quote_volume: string;
  /** Volume that was bought by takers, in base and in quote. */
  taker_buy_volume: string;
  /** Raw trades. */
  trades: number;
  /** In the base currency. */
  volume: string;
}

/** What changed of `Candle`: what is absent is as it was, null is null. */
export interface CandlePatch {
  close?: string;
  /** The last instant of the period (µs). */
  close_time?: TimeUs;
  /** No further print can change it. */
  closed?: boolean;
  high?: string;
  interval?: Interval;
  low?: string;
  open?: string;
  open_time: TimeUs;
  /** In the quote currency: Σ price × quantity. */
  quote_volume?: string;
  symbol?: Symbol;
  taker_buy_quote_volume?: string;
  /** Volume that was bought by takers, in base and in quote. */
  taker_buy_volume?: string;
  /** Raw trades. */
  trades?: number;
  /** In the base currency. */
  volume?: string;
}

/** A delta of `candles`. */
export interface CandlesDeltaPush {
  data: CandlePatch[];
  epoch: Epoch;
  first: number;
  kind: "delta";
  last: number;
  seq: Seq;
  t_published: TimeUs;
  t_received: TimeUs;
  t_source: TimeUs | null;
  topic: `candles:${string}`;
  type: "push";
}

/** A snapshot of `candles`. */
export interface CandlesSnapshotPush {
  data: Candle[];
  epoch: Epoch;
  first: number;
  kind: "snapshot";
  last: number;
  seq: Seq;
  t_published: TimeUs;
  t_received: TimeUs;
  t_source: TimeUs | null;
  topic: `candles:${string}`;
  type: "push";
}

export type ClientFrame =
  | HelloFrame
  | SubscribeFrame
  | UnsubscribeFrame
  | PingFrame
  | OrderFrame
  | OcoFrame
  | AmendFrame
  | CancelFrame
  | CancelAllFrame
  | CloseFrame
  | KillFrame
  | PauseFrame
  | ResumeFrame
  | AuthFrame;

/** What the server allows a client. */
export interface ClientLimits {
  max_history: number;
  max_message_bytes: number;
  max_subscriptions: number;
}

/** All of the position, or a quantity. */
export interface CloseFrame {
  bot?: BotId | null;
  close?: ClosePosition;
  id: number;
  symbol: Symbol;
  type: "close";
}

/** Closes what is held of a symbol by a market order that can only reduce. */
export interface ClosePosition {
  client_order_id?: string | null;
  /** All of it where absent. */
  quantity?: string | null;
}

export interface ClosingFrame {
  code: number;
  retry_ms: number;
  type: "closing";
}

/** The resolved decisions whose confidence fell into one bin. */
export interface ConfidenceBin {
  /** Mean confidence; `None` where the bin is empty. */
  confidence: number | null;
  high: number | null;
  hits: number;
  /** Wilson 95 % band of the share that was right. */
  low: number | null;
  /** Mean return in the decisions' own direction (up: r, down: −r, flat: −|r|). */
  mean_return: number | null;
  n: number;
}

/** That the tree of the first `first` entries is the beginning of the one of the first `second`. */
export interface ConsistencyProof {
  first: number;
  path: Hash[];
  second: number;
}

export interface CreateToken {
  expires?: TimeUs | null;
  note?: string;
  scopes: Scopes;
  user: UserName;
}

export interface CreatedToken {
  id: TokenId;
  /** Said this once. */
  token: string;
}

/** A bearer token, as text. */
export type Credential = string;

export interface Credentials {
  password: string;
  username: string;
}

/**
 * A decision with all that is known of it. `decisions:<bot>` carries it when it is made and again,
 * whole and under the same id, when it is resolved.
 */
export interface Decision {
  action: Action;
  /**
   * Log-odds of "up" before any feature speaks: with the contributions it sums up to the model's
   * log-odds. `None` where the model has none to tell.
   */
  bias: number | null;
  bot: BotId;
  /** Probability that the direction is right, 0 to 1. */
  confidence: number;
  direction: Direction;
  features: Feature[];
  /** `flat` is right iff the return stays within ± this. */
  flat_band: number;
  horizon: Horizon;
  id: DecisionId;
  made_at: TimeUs;
  model: ModelId;
  outcome: Outcome;
  price_at: string | null;
  price_target: string | null;
  realised_return: number | null;
  reasoning: string;
  resolved_at: TimeUs | null;
  resolves_at: TimeUs;
  symbol: Symbol;
  verdict: Verdict | null;
}

/** One decision with all that is known of how it came to be and what it led to. */
export interface DecisionDetail {
  decision: Decision;
  /** Their fills, oldest first. */
  fills: Fill[];
  /** The orders that it led to in their newest states, in the order in which they were placed. */
  orders: Order[];
  /** What the agent did at the very input that it was made at, in order. Empty for an outside bot's. */
  steps: AgentStep[];
}

/** A decision: `dec-<seq>-<n>` here, or an outside bot's own. */
export type DecisionId = string;

/** A forecast. What follows from it, `price_at` and the outcome, is filled in here from the feed. */
export interface DecisionReport {
  action?: Action | null;
  /** Log-odds of "up" before any feature speaks. */
  bias?: number | null;
  confidence: number;
  direction: Direction;
  features?: Feature[];
  flat_band?: number | null;
  horizon: Horizon;
  id: DecisionId;
  model: ModelId;
  price_target?: string | null;
  reasoning?: string;
  symbol: Symbol;
  type: "decision";
}

/** A event of `decisions`. */
export interface DecisionsEventPush {
  data: Decision;
  epoch: Epoch;
  first: number;
  kind: "event";
  last: number;
  seq: Seq;
  t_published: TimeUs;
  t_received: TimeUs;
  t_source: TimeUs | null;
  topic: `decisions:${string}`;
  type: "push";
}

/** Money paid in (positive) or out (negative). */
export interface DepositReport {
  amount: string;
  id: string;
  type: "deposit";
}

export type Direction = "up" | "down" | "flat";

/**
 * How many round trips earned how much, net of fees: bins of one width, the first from `from` on,
 * each without its upper end. Zero is an edge or outside. No trips, no bins.
 */
export interface Distribution {
  counts: (number)[];
  from: string;
  width: string;
}

/** What changed of `Distribution`: what is absent is as it was, null is null. */
export interface DistributionPatch {
  counts?: (number)[];
  from?: string;
  width?: string;
}

/** What a command led to. */
export type Done =
  | Order
  | Order[]
  | TradingChanged;

/**
 * A client's own reading of its clock, given back as it came: in JSON the very number, whatever it
 * was; in bytes a float.
 */
export type Echo = number;

/**
 * Identity of a topic's numbering. Random 64 bits; in JSON a string, because a JavaScript number
 * could not hold it.
 */
export type Epoch = string;

/** A delta of `equity`. */
export interface EquityDeltaPush {
  data: EquityPointPatch[];
  epoch: Epoch;
  first: number;
  kind: "delta";
  last: number;
  seq: Seq;
  t_published: TimeUs;
  t_received: TimeUs;
  t_source: TimeUs | null;
  topic: `equity:${string}`;
  type: "push";
}

/** Equity at one moment of market time, sampled each 60 s. */
export interface EquityPoint {
  /**
   * What the same money would be worth, had it bought equal amounts of every symbol at the first
   * sample and held them; later deposits buy more of the same, withdrawals sell of it. Undefined
   * before there is a price, and while more was withdrawn than it was worth.
   */
  benchmark: string | null;
  deposits: string;
  /** equity / highest equity so far − 1, zero or negative; undefined before any equity. */
  drawdown: number | null;
  equity: string;
  /** Sharpe ratio of the 60 s returns of the last 24 h (P = 525,600), from 60 returns on. */
  rolling_sharpe: number | null;
  time: TimeUs;
}

/** What changed of `EquityPoint`: what is absent is as it was, null is null. */
export interface EquityPointPatch {
  /**
   * What the same money would be worth, had it bought equal amounts of every symbol at the first
   * sample and held them; later deposits buy more of the same, withdrawals sell of it. Undefined
   * before there is a price, and while more was withdrawn than it was worth.
   */
  benchmark?: string | null;
  deposits?: string;
  /** equity / highest equity so far − 1, zero or negative; undefined before any equity. */
  drawdown?: number | null;
  equity?: string;
  /** Sharpe ratio of the 60 s returns of the last 24 h (P = 525,600), from 60 returns on. */
  rolling_sharpe?: number | null;
  time: TimeUs;
}

/** A snapshot of `equity`. */
export interface EquitySnapshotPush {
  data: EquityPoint[];
  epoch: Epoch;
  first: number;
  kind: "snapshot";
  last: number;
  seq: Seq;
  t_published: TimeUs;
  t_received: TimeUs;
  t_source: TimeUs | null;
  topic: `equity:${string}`;
  type: "push";
}

/** `error`: a command was refused, or (without an id) a frame could not be read. */
export interface ErrorFrame {
  code: string;
  field: string | null;
  id: number | null;
  message: string;
  retry_ms: number | null;
  /** Trying again later may help, after `retry_ms` where it is given. */
  temporary: boolean;
  type: "error";
}

/** What it would cost, by the book or the last price as they are now. */
export interface Estimate {
  cash_after: string;
  fee: string;
  /** Of the quantity, what the visible book offers at once; undefined without a book. */
  offered: string | null;
  position_after: string;
  /** The average price that it would get. */
  price: string;
  /** Beyond the best price there is, in the quote currency. */
  slippage: string;
  /** price × quantity, in the quote currency. */
  value: string;
}

/** The market data that a fill rests on. */
export type Evidence =
  | {
    /** A print of the tape, and how much of it was consumed here. */
    trade: {
      id: number;
      price: string;
      quantity: string;
    };
  }
  | {
    /** Levels of the book, with what was taken at each. */
    book: {
      levels: Level[];
      time: TimeUs;
    };
  }
  | {
    /** A bar that traded through the price, where the source has nothing finer. */
    bar: {
      high: string;
      low: string;
      open_time: TimeUs;
      volume: string;
    };
  }
  | "reported";

/** Why an open order has not filled, or how a finished one ended. */
export interface Explanation {
  best_ask: string | null;
  best_bid: string | null;
  /** From the last price to the one that is waited for, in percent of the last price. */
  distance_percent: string | null;
  last_price: string | null;
  /** The price that came nearest since the order went to work, where it waits for one. */
  nearest: string | null;
  order: Order;
  /** The same in words, with the figures. */
  text: string;
  /** Market time. */
  time: TimeUs;
  waiting: Waiting | null;
}

/** What a fault of the data covers, as far as it is known: market time and the exchange's ids. */
export interface Extent {
  /** The first and the last id that are concerned. */
  first_id: number | null;
  from: TimeUs | null;
  last_id: number | null;
  to: TimeUs | null;
}

/** One input of a model, and what it moved the model's log-odds of "up" by. */
export interface Feature {
  contribution: number;
  name: string;
  value: number;
}

export interface FeedHealth {
  link: LinkHealth | null;
  market_time: TimeUs | null;
  name: string;
  problem: string | null;
  received_at: TimeUs | null;
  rejected_rows: number;
  rows: number;
  /** Market seconds a wall second; `None` is as fast as it goes. */
  speed: number | null;
  state: FeedState;
  symbols: Symbol[];
}

/** What changed of `FeedHealth`: what is absent is as it was, null is null. */
export interface FeedHealthPatch {
  link?: LinkHealthPatch | null;
  market_time?: TimeUs | null;
  name?: string;
  problem?: string | null;
  received_at?: TimeUs | null;
  rejected_rows?: number;
  rows?: number;
  /** Market seconds a wall second; `None` is as fast as it goes. */
  speed?: number | null;
  state?: FeedState;
  symbols?: Symbol[];
}

export type FeedState = "recovering" | "warming" | "running" | "ended" | "halted";

export interface Fill {
  bot: BotId;
  /** What the account had in cash after it. */
  cash: string;
  decision: DecisionId | null;
  evidence: Evidence;
  /** In the quote currency. */
  fee: string;
  id: FillId;
  liquidity: Liquidity;
  order: OrderId | null;
  price: string;
  quantity: string;
  /** Gross, of the part that closed an open position; zero where it only opened. */
  realised_pnl: string;
  side: Side;
  /**
   * Paid beyond the best price there was, in the quote currency: the book's depth and the
   * configured slippage.
   */
  slippage: string;
  source: FillSource;
  symbol: Symbol;
  /** Market time. */
  time: TimeUs;
  /** price × quantity, in the quote currency. */
  value: string;
}

/** A fill: `trade-<seq>-<n>` here, or an outside bot's own. */
export type FillId = string;

/** A fill that happened elsewhere. */
export interface FillReport {
  decision?: DecisionId | null;
  fee?: string;
  id: FillId;
  liquidity?: Liquidity | null;
  order?: OrderId | null;
  price: string;
  quantity: string;
  side: Side;
  symbol: Symbol;
  time?: TimeUs | null;
  type: "fill";
}

export type FillSource = "paper" | "reported";

/** The exchange's bounds and steps. `None` is no bound. */
export interface Filters {
  /** The largest quantity of an order that takes any price. */
  max_market_quantity: string | null;
  max_notional: string | null;
  max_price: string | null;
  max_quantity: string | null;
  /** The least and the largest price × quantity, in the quote currency. */
  min_notional: string | null;
  min_price: string | null;
  min_quantity: string | null;
  /** Quantities are multiples of it. */
  step_size: string | null;
  /** Prices are multiples of it. */
  tick_size: string | null;
}

/** The SHA-256 that a node of the tree is known by. */
export type Hash = string;

export interface Health {
  bots: BotId[];
  clients: number;
  feed: FeedHealth;
  journal: JournalHealth;
  mode: Mode;
  problems: (string)[];
  process: ProcessHealth;
  pushes: number;
  /** Everything that must work does: what `/ready` says. */
  ready: boolean;
  /** From the item's arrival to the journal's commit, and on to publication. */
  received_to_journalled: Latency;
  received_to_published: Latency;
  seq: Seq;
  /** Wall time. */
  time: TimeUs;
}

/** A delta of `health`. */
export interface HealthDeltaPush {
  data: HealthPatch;
  epoch: Epoch;
  first: number;
  kind: "delta";
  last: number;
  seq: Seq;
  t_published: TimeUs;
  t_received: TimeUs;
  t_source: TimeUs | null;
  topic: "health";
  type: "push";
}

/** What changed of `Health`: what is absent is as it was, null is null. */
export interface HealthPatch {
  bots?: BotId[];
  clients?: number;
  feed?: FeedHealthPatch;
  journal?: JournalHealthPatch;
  mode?: Mode;
  problems?: (string)[];
  process?: ProcessHealthPatch;
  pushes?: number;
  /** Everything that must work does: what `/ready` says. */
  ready?: boolean;
  /** From the item's arrival to the journal's commit, and on to publication. */
  received_to_journalled?: LatencyPatch;
  received_to_published?: LatencyPatch;
  seq?: Seq;
  /** Wall time. */
  time?: TimeUs;
}

/** Everything that is known of the machine, and in a word whether it is well. */
export type HealthReport = ({
  bots: BotId[];
  clients: number;
  feed: FeedHealth;
  journal: JournalHealth;
  mode: Mode;
  problems: (string)[];
  process: ProcessHealth;
  pushes: number;
  /** Everything that must work does: what `/ready` says. */
  ready: boolean;
  /** From the item's arrival to the journal's commit, and on to publication. */
  received_to_journalled: Latency;
  received_to_published: Latency;
  seq: Seq;
  /** Wall time. */
  time: TimeUs;
}) & ({
  status: HealthStatus;
  /** Of `time`, as RFC 3339. */
  timestamp: string;
  version: string;
});

/** A snapshot of `health`. */
export interface HealthSnapshotPush {
  data: Health;
  epoch: Epoch;
  first: number;
  kind: "snapshot";
  last: number;
  seq: Seq;
  t_published: TimeUs;
  t_received: TimeUs;
  t_source: TimeUs | null;
  topic: "health";
  type: "push";
}

export type HealthStatus = "healthy" | "degraded";

export interface HeartbeatFrame {
  heads: TopicPosition[];
  server_time: TimeUs;
  type: "heartbeat";
}

export interface HelloFrame {
  /** Name and version of the program, for logs. */
  client?: string | null;
  /**
   * What the client can unpack: `deflate`. Large snapshots may then come as a binary message of
   * their own: raw DEFLATE of what the message would have been, in the binary encoding behind
   * a byte of zero (a frame's length is never zero).
   */
  compression?: (string)[];
  resume?: ResumeFrom[];
  token?: Credential | null;
  type: "hello";
}

/** How far ahead a decision looks: a whole number of seconds, written `30s`, `5m`, `4h`, `1d`. */
export type Horizon = string;

/** That the entry `index` is in the tree of the first `size` entries. */
export interface InclusionProof {
  index: number;
  leaf_hash: Hash;
  /** The siblings on the way from the leaf to the root. */
  path: Hash[];
  size: number;
}

/** What is traded under a symbol, and in which steps. */
export interface Instrument {
  /** The currency that is bought and sold. */
  base: string;
  filters: Filters;
  /** The currency that it is paid in. */
  quote: string;
  symbol: Symbol;
}

/** The periods that are built. */
export type Interval = "1s" | "1m" | "5m" | "1h" | "4h" | "1d";

/** Whether the identities of accounting hold at this moment. */
export type Invariant =
  | "holds"
  | {
    broken: {
      what: string;
    };
  };

export interface JournalHealth {
  events: number;
  /** Why not, since when (wall time) and how often it was tried. */
  problem: string | null;
  retries: number;
  size_bytes: number;
  unwritable_since: TimeUs | null;
  writable: boolean;
}

/** What changed of `JournalHealth`: what is absent is as it was, null is null. */
export interface JournalHealthPatch {
  events?: number;
  /** Why not, since when (wall time) and how often it was tried. */
  problem?: string | null;
  retries?: number;
  size_bytes?: number;
  unwritable_since?: TimeUs | null;
  writable?: boolean;
}

export interface KillFrame {
  bot?: BotId | null;
  id: number;
  type: "kill";
}

/**
 * The client read too slowly: the next `skipped` publications of a log topic will not come by
 * themselves. It resumes the topic from where it stands.
 */
export interface LagFrame {
  skipped: number;
  topic: string;
  type: "lag";
}

/** What becomes of a log topic whose reader is too slow. */
export type LagRule = "skip" | "close";

/** Percentiles of one measured delay, µs, over the last minute; `None` where nothing was measured. */
export interface Latency {
  n: number;
  p50_us: number | null;
  p95_us: number | null;
  p99_us: number | null;
}

/** What changed of `Latency`: what is absent is as it was, null is null. */
export interface LatencyPatch {
  n?: number;
  p50_us?: number | null;
  p95_us?: number | null;
  p99_us?: number | null;
}

/** One line of the ledger. Each one's `cash` is that of the one before it plus its `amount`. */
export type LedgerEntry = ({
  type: "deposit";
} | {
  fee: string;
  order: OrderId | null;
  price: string;
  quantity: string;
  side: Side;
  symbol: Symbol;
  type: "fill";
}) & ({
  /** What came in; negative is what went out, fees included. */
  amount: string;
  bot: BotId;
  /** What the account had in cash after it. */
  cash: string;
  /** The deposit's or the fill's id. */
  id: string;
  seq: Seq;
  /** Market time. */
  time: TimeUs;
});

/** A price with the quantity that rests there. */
export interface Level {
  price: string;
  quantity: string;
}

/** The connection of a live feed, with counts since the start. */
export interface LinkHealth {
  /** Which try is under way, or waited for; 0 where there is a connection. */
  attempt: number;
  bad_messages: number;
  /** What came twice, and what could not be read. */
  duplicates: number;
  /** Holes in trade ids or in a book; those of trades that were filled again. */
  gaps: number;
  healed: number;
  /** Age of the last message with data, ms of wall time. */
  last_message_age_ms: number | null;
  /** Items whose exchange time lay before what had been given: they were given as of then. */
  late: number;
  messages: number;
  /** Over the last seconds. */
  messages_per_s: number;
  /** Why the last connection ended, or the last request failed. */
  problem: string | null;
  reconnects: number;
  /** Books that were built from a snapshot. */
  snapshots: number;
  state: LinkState;
}

/** What changed of `LinkHealth`: what is absent is as it was, null is null. */
export interface LinkHealthPatch {
  /** Which try is under way, or waited for; 0 where there is a connection. */
  attempt?: number;
  bad_messages?: number;
  /** What came twice, and what could not be read. */
  duplicates?: number;
  /** Holes in trade ids or in a book; those of trades that were filled again. */
  gaps?: number;
  healed?: number;
  /** Age of the last message with data, ms of wall time. */
  last_message_age_ms?: number | null;
  /** Items whose exchange time lay before what had been given: they were given as of then. */
  late?: number;
  messages?: number;
  /** Over the last seconds. */
  messages_per_s?: number;
  /** Why the last connection ended, or the last request failed. */
  problem?: string | null;
  reconnects?: number;
  /** Books that were built from a snapshot. */
  snapshots?: number;
  state?: LinkState;
}

/** What an order is to the others of its bracket or OCO pair. */
export type LinkRole = "entry" | "take_profit" | "stop_loss" | "oco_limit" | "oco_stop";

/** How a live feed is connected. */
export type LinkState = "connecting" | "connected" | "backfilling" | "reconnecting";

/** Who set the price of a fill: `maker` rested, `taker` came to it. */
export type Liquidity = "maker" | "taker";

/** One entry: an event of the journal, by its place in the log. */
export interface LogEntry {
  /** The event's RFC 8785 JSON: the very bytes that the leaf hash is of. */
  canonical: string;
  index: number;
  leaf_hash: Hash;
}

/** A delta of `market`. */
export interface MarketDeltaPush {
  data: TickerPatch;
  epoch: Epoch;
  first: number;
  kind: "delta";
  last: number;
  seq: Seq;
  t_published: TimeUs;
  t_received: TimeUs;
  t_source: TimeUs | null;
  topic: `market:${string}`;
  type: "push";
}

/** A snapshot of `market`. */
export interface MarketSnapshotPush {
  data: Ticker;
  epoch: Epoch;
  first: number;
  kind: "snapshot";
  last: number;
  seq: Seq;
  t_published: TimeUs;
  t_received: TimeUs;
  t_source: TimeUs | null;
  topic: `market:${string}`;
  type: "push";
}

/** A market as the models see it. `None`: too few minutes yet. */
export interface MarketState {
  hour_volatility: number | null;
  regime: Regime | null;
  /**
   * The rule's inputs: the move of the last hour in its own standard deviations, and its annualised
   * volatility.
   */
  trend: number | null;
  /** Annualised, of the 1m returns of the last 24 hours. */
  volatility: number | null;
}

/** What changed of `MarketState`: what is absent is as it was, null is null. */
export interface MarketStatePatch {
  hour_volatility?: number | null;
  regime?: Regime | null;
  /**
   * The rule's inputs: the move of the last hour in its own standard deviations, and its annualised
   * volatility.
   */
  trend?: number | null;
  /** Annualised, of the 1m returns of the last 24 hours. */
  volatility?: number | null;
}

export interface Me {
  name: UserName | null;
  role: Role | null;
  scopes: Scopes | null;
}

/** A value with what it was made by and from. */
export interface Metric {
  /** In JSON the formula id, `sharpe.v1`. */
  formula: string;
  /** How many returns, pairs, round trips or samples went in. */
  n: number;
  /** Finite, or undefined. */
  value: number | null;
}

/** What changed of `Metric`: what is absent is as it was, null is null. */
export interface MetricPatch {
  /** In JSON the formula id, `sharpe.v1`. */
  formula?: string;
  /** How many returns, pairs, round trips or samples went in. */
  n?: number;
  /** Finite, or undefined. */
  value?: number | null;
}

/** What kind of prices and fills the pages show. It is on every page. */
export type Mode = "sim" | "replay" | "paper" | "live";

/** The model that took a decision. */
export type ModelId = string;

/** How a model is. */
export interface ModelState {
  /** What it is, in one line. */
  about: string;
  /** Why it was switched off, if it was. */
  fault: string | null;
  model: ModelId;
}

/** What `models:<bot>` carries. */
export interface Models {
  bot: BotId;
  markets: Record<string, MarketState>;
  models: ModelState[];
  /** 1-day 95 % historical value at risk of the portfolio as a fraction of its equity (negative). */
  risk: number | null;
  scores: Record<string, Score>;
  time: TimeUs;
  /** Decisions whose combination of model, symbol and horizon was one too many to be scored. */
  unscored: number;
}

/** A delta of `models`. */
export interface ModelsDeltaPush {
  data: ModelsPatch;
  epoch: Epoch;
  first: number;
  kind: "delta";
  last: number;
  seq: Seq;
  t_published: TimeUs;
  t_received: TimeUs;
  t_source: TimeUs | null;
  topic: `models:${string}`;
  type: "push";
}

/** What changed of `Models`: what is absent is as it was, null is null. */
export interface ModelsPatch {
  bot?: BotId;
  markets?: Record<string, MarketStatePatch>;
  models?: ModelState[];
  /** 1-day 95 % historical value at risk of the portfolio as a fraction of its equity (negative). */
  risk?: number | null;
  scores?: Record<string, ScorePatch>;
  time?: TimeUs;
  /** Decisions whose combination of model, symbol and horizon was one too many to be scored. */
  unscored?: number;
}

/** A snapshot of `models`. */
export interface ModelsSnapshotPush {
  data: Models;
  epoch: Epoch;
  first: number;
  kind: "snapshot";
  last: number;
  seq: Seq;
  t_published: TimeUs;
  t_received: TimeUs;
  t_source: TimeUs | null;
  topic: `models:${string}`;
  type: "push";
}

/** The return of a UTC month, compounded from the ends of its days. */
export interface MonthReturn {
  /** 1 to 12. */
  month: number;
  /** Days that went in. */
  n: number;
  value: number | null;
  year: number;
}

/** What moved the cash. */
export type Movement =
  | {
    type: "deposit";
  }
  | {
    fee: string;
    order: OrderId | null;
    price: string;
    quantity: string;
    side: Side;
    symbol: Symbol;
    type: "fill";
  };

/** Two orders of which one cancels the other: a limit order and a stop. */
export interface NewOco {
  /** Of the pair; the legs may have their own. */
  client_order_id?: string | null;
  legs: NewOrder[];
}

/** What a bot asks for. Two requests with the same `client_order_id` are one order. */
export interface NewOrder {
  /** A trailing stop tracks from the moment the market reaches it. */
  activation_price?: string | null;
  client_order_id?: string | null;
  decision?: DecisionId | null;
  expires_at?: TimeUs | null;
  price?: string | null;
  quantity: string;
  reduce_only?: boolean;
  side: Side;
  stop_loss?: string | null;
  stop_price?: string | null;
  symbol: Symbol;
  /** With one of these or both it is a bracket: legs that go to work when it is filled. */
  take_profit?: string | null;
  time_in_force?: TimeInForce | null;
  /** Distance of a trailing stop in the quote currency, or in percent of the best price. */
  trail_amount?: string | null;
  trail_percent?: string | null;
  type: OrderType;
}

export interface NewPassword {
  current: string;
  password: string;
}

/** Words for the log of the bot. */
export interface NoteReport {
  id: string;
  symbol?: Symbol | null;
  text: string;
  type: "note";
}

export interface OcoFrame {
  bot?: BotId | null;
  id: number;
  oco: NewOco;
  type: "oco";
}

/** `ok`: the command was carried out. The optional parts belong to the command that they answer. */
export interface OkFrame {
  /** The same was asked for before, by the same `client_order_id`. */
  duplicate?: boolean;
  errors?: TopicError[];
  id: number;
  order?: OrderId | null;
  /** Where a command led to several orders or took several back. */
  orders?: OrderId[];
  seq?: Seq | null;
  topics?: Subscribed[];
  trading?: TradingState | null;
  type: "ok";
}

/**
 * An order with all that is known of it. A push of `orders:<bot>` is its whole new state. Prices
 * that move with the market are not in it: see `Working`.
 */
export interface Order {
  activation_price: string | null;
  /** Quantity-weighted; undefined until something is filled. */
  average_price: string | null;
  bot: BotId;
  client_order_id: string | null;
  created_at: TimeUs;
  decision: DecisionId | null;
  expires_at: TimeUs | null;
  filled_quantity: string;
  id: OrderId;
  link: OrderLink | null;
  price: string | null;
  quantity: string;
  /** Why it was rejected, cancelled or expired, or what changed it last. */
  reason: string | null;
  /** Fills only as much as makes the position smaller. */
  reduce_only: boolean;
  side: Side;
  status: OrderStatus;
  stop_price: string | null;
  symbol: Symbol;
  time_in_force: TimeInForce;
  trail_amount: string | null;
  trail_percent: string | null;
  trigger: Trigger | null;
  type: OrderType;
  updated_at: TimeUs;
}

/** A state of an order, and when it took it. */
export interface OrderChange {
  order: Order;
  seq: Seq;
  /** Market time. */
  time: TimeUs;
}

/** What an order would do, if it were sent now. */
export interface OrderCheck {
  estimate: Estimate | null;
  rejection: Rejection | null;
}

export interface OrderFrame {
  bot?: BotId | null;
  id: number;
  order: NewOrder;
  type: "order";
}

/** All that is known of one order: its newest state, every state before it, and its fills. */
export interface OrderHistory {
  fills: Fill[];
  /** Oldest first; the last one is `order`. */
  history: OrderChange[];
  order: Order;
}

/** An order: `ord-<seq>-<n>` here, or an outside bot's own. */
export type OrderId = string;

/** Membership in a bracket or an OCO pair. */
export interface OrderLink {
  /** Id of the group: that of its first order. */
  group: OrderId;
  role: LinkRole;
}

/** The state of an order that lives elsewhere. Each report is the whole new state. */
export interface OrderReport {
  average_price?: string | null;
  decision?: DecisionId | null;
  filled_quantity?: string;
  id: OrderId;
  order_type: OrderType;
  price?: string | null;
  quantity: string;
  reason?: string | null;
  side: Side;
  status: OrderStatus;
  symbol: Symbol;
  type: "order";
}

/** Where an order stands. It changes by `after` alone. */
export type OrderStatus = "new" | "accepted" | "triggered" | "partially_filled" | "filled" | "cancelled" | "rejected" | "expired";

/** How an order finds its price. */
export type OrderType = "market" | "limit" | "stop" | "stop_limit" | "trailing_stop";

/** A event of `orders`. */
export interface OrdersEventPush {
  data: Order;
  epoch: Epoch;
  first: number;
  kind: "event";
  last: number;
  seq: Seq;
  t_published: TimeUs;
  t_received: TimeUs;
  t_source: TimeUs | null;
  topic: `orders:${string}`;
  type: "push";
}

export type Outcome = "pending" | "correct" | "incorrect" | "unresolvable";

export interface PauseFrame {
  bot?: BotId | null;
  id: number;
  type: "pause";
}

export interface Performance {
  /** Share of resolved decisions that were right, and how many there were. */
  accuracy: number | null;
  bot: BotId;
  fees_paid: string;
  /** Oldest first, the running one last; the newest 120. */
  months: MonthReturn[];
  resolved_decisions: number;
  /** Market time. */
  time: TimeUs;
  /** Σ |fill value| / equity now, all time. */
  turnover: number | null;
  windows: Partial<Record<"1h" | "24h" | "7d" | "30d" | "all", WindowMetrics>>;
}

/** A delta of `performance`. */
export interface PerformanceDeltaPush {
  data: PerformancePatch;
  epoch: Epoch;
  first: number;
  kind: "delta";
  last: number;
  seq: Seq;
  t_published: TimeUs;
  t_received: TimeUs;
  t_source: TimeUs | null;
  topic: `performance:${string}`;
  type: "push";
}

/** What changed of `Performance`: what is absent is as it was, null is null. */
export interface PerformancePatch {
  /** Share of resolved decisions that were right, and how many there were. */
  accuracy?: number | null;
  bot?: BotId;
  fees_paid?: string;
  /** Oldest first, the running one last; the newest 120. */
  months?: MonthReturn[];
  resolved_decisions?: number;
  /** Market time. */
  time?: TimeUs;
  /** Σ |fill value| / equity now, all time. */
  turnover?: number | null;
  windows?: Partial<Record<"1h" | "24h" | "7d" | "30d" | "all", WindowMetricsPatch>>;
}

/** A snapshot of `performance`. */
export interface PerformanceSnapshotPush {
  data: Performance;
  epoch: Epoch;
  first: number;
  kind: "snapshot";
  last: number;
  seq: Seq;
  t_published: TimeUs;
  t_received: TimeUs;
  t_source: TimeUs | null;
  topic: `performance:${string}`;
  type: "push";
}

export interface PingFrame {
  id: number;
  t?: Echo | null;
  type: "ping";
}

export interface PongFrame {
  id: number;
  server_time: TimeUs;
  t: Echo | null;
  type: "pong";
}

export interface Portfolio {
  bot: BotId;
  cash: string;
  /** The quote currency of every figure. */
  currency: string;
  /** Since 00:00 UTC, deposits apart. */
  day_pnl: string;
  day_pnl_percent: string | null;
  deposits: string;
  /** cash + Σ position value. */
  equity: string;
  fees: string;
  fills: number;
  invariant: Invariant;
  /** Σ |position value|. */
  invested: string;
  net_pnl: string;
  /** Of the deposits. */
  net_pnl_percent: string | null;
  open_orders: number;
  open_positions: number;
  /** Gross; net is realised + unrealised − fees. */
  realised_pnl: string;
  /** Market time. */
  time: TimeUs;
  trading: TradingState;
  unrealised_pnl: string;
}

/** A delta of `portfolio`. */
export interface PortfolioDeltaPush {
  data: PortfolioPatch;
  epoch: Epoch;
  first: number;
  kind: "delta";
  last: number;
  seq: Seq;
  t_published: TimeUs;
  t_received: TimeUs;
  t_source: TimeUs | null;
  topic: `portfolio:${string}`;
  type: "push";
}

/** What changed of `Portfolio`: what is absent is as it was, null is null. */
export interface PortfolioPatch {
  bot?: BotId;
  cash?: string;
  /** The quote currency of every figure. */
  currency?: string;
  /** Since 00:00 UTC, deposits apart. */
  day_pnl?: string;
  day_pnl_percent?: string | null;
  deposits?: string;
  /** cash + Σ position value. */
  equity?: string;
  fees?: string;
  fills?: number;
  invariant?: Invariant;
  /** Σ |position value|. */
  invested?: string;
  net_pnl?: string;
  /** Of the deposits. */
  net_pnl_percent?: string | null;
  open_orders?: number;
  open_positions?: number;
  /** Gross; net is realised + unrealised − fees. */
  realised_pnl?: string;
  /** Market time. */
  time?: TimeUs;
  trading?: TradingState;
  unrealised_pnl?: string;
}

/** A snapshot of `portfolio`. */
export interface PortfolioSnapshotPush {
  data: Portfolio;
  epoch: Epoch;
  first: number;
  kind: "snapshot";
  last: number;
  seq: Seq;
  t_published: TimeUs;
  t_received: TimeUs;
  t_source: TimeUs | null;
  topic: `portfolio:${string}`;
  type: "push";
}

/**
 * One symbol's holding. Quantity and cost are stored and the average is derived, so that the
 * identities of accounting hold exactly.
 */
export interface Position {
  average_price: string | null;
  bot: BotId;
  /** Paid for the open quantity, with its sign: a short's cost is negative. */
  cost: string;
  fees: string;
  mark_price: string | null;
  opened_at: TimeUs | null;
  /** Positive is long, negative is short, zero is flat. */
  quantity: string;
  realised_pnl: string;
  symbol: Symbol;
  /** Gross, fees apart. */
  unrealised_pnl: string;
  updated_at: TimeUs;
  /** quantity × mark price; at cost where no price is known yet. */
  value: string;
}

/** What changed of `Position`: what is absent is as it was, null is null. */
export interface PositionPatch {
  average_price?: string | null;
  bot?: BotId;
  /** Paid for the open quantity, with its sign: a short's cost is negative. */
  cost?: string;
  fees?: string;
  mark_price?: string | null;
  opened_at?: TimeUs | null;
  /** Positive is long, negative is short, zero is flat. */
  quantity?: string;
  realised_pnl?: string;
  symbol: Symbol;
  /** Gross, fees apart. */
  unrealised_pnl?: string;
  updated_at?: TimeUs;
  /** quantity × mark price; at cost where no price is known yet. */
  value?: string;
}

/**
 * What the bot holds, where its fills do not tell: an opening balance or a correction. It is
 * booked as a deposit in kind at cost, so that no profit comes of it.
 */
export interface PositionReport {
  average_price: string;
  /** The bot's own id of this statement. */
  id: string;
  quantity: string;
  symbol: Symbol;
  type: "position";
}

/** A delta of `positions`. */
export interface PositionsDeltaPush {
  data: PositionPatch[];
  epoch: Epoch;
  first: number;
  kind: "delta";
  last: number;
  seq: Seq;
  t_published: TimeUs;
  t_received: TimeUs;
  t_source: TimeUs | null;
  topic: `positions:${string}`;
  type: "push";
}

/** A snapshot of `positions`. */
export interface PositionsSnapshotPush {
  data: Position[];
  epoch: Epoch;
  first: number;
  kind: "snapshot";
  last: number;
  seq: Seq;
  t_published: TimeUs;
  t_received: TimeUs;
  t_source: TimeUs | null;
  topic: `positions:${string}`;
  type: "push";
}

/** What went wrong (RFC 9457), as `error` writes it. */
export interface Problem {
  /** Stable, for programs. */
  code: string;
  /** For people. */
  detail: string;
  /** What of the request is at fault, where it is one field. */
  field?: string | null;
  status: number;
  /** The status in words. */
  title?: string | null;
  /** Absent: `about:blank`. */
  type?: string | null;
}

export interface ProcessHealth {
  /** Of one core, percent. */
  cpu_percent: number | null;
  resident_bytes: number | null;
  uptime_s: number;
  version: string;
}

/** What changed of `ProcessHealth`: what is absent is as it was, null is null. */
export interface ProcessHealthPatch {
  /** Of one core, percent. */
  cpu_percent?: number | null;
  resident_bytes?: number | null;
  uptime_s?: number;
  version?: string;
}

/** The Ed25519 key that heads are held against. */
export type PublicKey = string;

export type PushKind = "snapshot" | "delta" | "event";

/** A fault of the data, as `quality` shows it. */
export interface Quality {
  /** Faults of this kind so far, this one included. */
  count: number;
  extent: Extent;
  kind: QualityKind;
  line: number | null;
  message: string;
  /** Where: a file with the number of the line, counted from 1, or a stream. */
  source: string;
  symbol: Symbol | null;
  time: TimeUs;
}

/** A event of `quality`. */
export interface QualityEventPush {
  data: Quality;
  epoch: Epoch;
  first: number;
  kind: "event";
  last: number;
  seq: Seq;
  t_published: TimeUs;
  t_received: TimeUs;
  t_source: TimeUs | null;
  topic: "quality";
  type: "push";
}

export type QualityKind = "rejected_row" | "gap" | "book_gap" | "out_of_order" | "source_ended" | "backfill" | "reconnect" | "resync" | "silence" | "candle_mismatch" | "bad_message";

/** Whether everything that must work does, and what does not. */
export interface Readiness {
  problems: (string)[];
  ready: boolean;
}

export interface RefreshBody {
  refresh_token: string;
}

/**
 * What kind of market it is. The rule: with σ the annualised volatility of the last 60 finished
 * minutes and m the move over them in units of its own standard deviation,
 * `volatile` where σ is more than twice that of the last 24 hours, else `trend_up` where m > 1,
 * `trend_down` where m < −1, else `range`.
 */
export type Regime = "trend_up" | "trend_down" | "range" | "volatile";

/** Why a command was refused: a stable code, the field at fault, words for people. */
export interface Rejection {
  code: string;
  field: string | null;
  message: string;
}

export type Report =
  | DecisionReport
  | FillReport
  | OrderReport
  | PositionReport
  | DepositReport
  | NoteReport;

/** What became of one item. */
export interface ReportResult {
  error?: Rejection | null;
  id: string | null;
  index: number;
  status: ReportStatus;
}

export interface ReportResults {
  duplicates: number;
  recorded: number;
  rejected: number;
  results: ReportResult[];
}

export type ReportStatus = "recorded" | "duplicate" | "rejected";

export type Reports =
  | Report[]
  | {
    events: Report[];
  };

export interface ResumeFrame {
  bot?: BotId | null;
  id: number;
  type: "resume";
}

/** A place to go on from, as `hello` gives it. A name that is no topic (any more) is refused by itself. */
export interface ResumeFrom {
  epoch: Epoch;
  offset: number;
  topic: string;
}

/** All that was missed follows: offsets `from + 1` to `to`. */
export interface ResumedFrame {
  from: number;
  to: number;
  topic: string;
  type: "resumed";
}

/** What was missed cannot be given; the client forgets the topic, and a fresh start follows. */
export interface ResyncFrame {
  epoch: Epoch;
  /** As in `ok`: the offset before what follows. */
  offset: number;
  reason: ResyncReason;
  topic: string;
  type: "resync";
}

export type ResyncReason = "epoch_changed" | "trimmed" | "window_exceeded" | "forbidden";

/** What a user may do. Each may do all that the ones before it may. */
export type Role = "viewer" | "operator" | "admin";

/** What a token may be used for. */
export type Scope = "read" | "trade" | "ingest";

/** A set of scopes: in JSON a list, in text `read,trade`. */
export type Scopes = Scope[];

/**
 * The score of one model on one symbol over one horizon, or of all of a model's decisions (`symbol`
 * and `horizon` are `None`). Figures without a resolved decision are `None`.
 */
export interface Score {
  /** `BINS` of them. */
  bins: ConfidenceBin[];
  /**
   * mean (p − o)² = reliability − resolution + uncertainty + within (Murphy 1973; `within` is what
   * grouping by bin leaves over, zero where all p of a bin are the same).
   */
  brier: number | null;
  /** Expected calibration error over the bins: Σ n_k/n · |hit rate_k − mean confidence_k|. */
  ece: number | null;
  high: number | null;
  /** Calibration over time; only of totals. */
  history: CalibrationPoint[];
  hit_rate: number | null;
  hits: number;
  horizon: Horizon | null;
  /**
   * mean −ln of the probability that was given to what happened; p is kept within [ε, 1 − ε] for
   * ε = 2⁻⁵² (as scikit-learn does for 64-bit floats).
   */
  log_loss: number | null;
  /** Wilson score interval of the hit rate, 95 %. */
  low: number | null;
  /** Mean return in the decisions' own direction. */
  mean_return: number | null;
  model: ModelId;
  /** Of how many resolved decisions everything below is. */
  n: number;
  /** Not yet resolved; never to be resolved, because the feed has no price for the moment. */
  pending: number;
  reliability: number | null;
  resolution: number | null;
  symbol: Symbol | null;
  uncertainty: number | null;
  unresolvable: number;
  within: number | null;
}

/** What changed of `Score`: what is absent is as it was, null is null. */
export interface ScorePatch {
  /** `BINS` of them. */
  bins?: ConfidenceBin[];
  /**
   * mean (p − o)² = reliability − resolution + uncertainty + within (Murphy 1973; `within` is what
   * grouping by bin leaves over, zero where all p of a bin are the same).
   */
  brier?: number | null;
  /** Expected calibration error over the bins: Σ n_k/n · |hit rate_k − mean confidence_k|. */
  ece?: number | null;
  high?: number | null;
  /** Calibration over time; only of totals. */
  history?: CalibrationPoint[];
  hit_rate?: number | null;
  hits?: number;
  horizon?: Horizon | null;
  /**
   * mean −ln of the probability that was given to what happened; p is kept within [ε, 1 − ε] for
   * ε = 2⁻⁵² (as scikit-learn does for 64-bit floats).
   */
  log_loss?: number | null;
  /** Wilson score interval of the hit rate, 95 %. */
  low?: number | null;
  /** Mean return in the decisions' own direction. */
  mean_return?: number | null;
  model?: ModelId;
  /** Of how many resolved decisions everything below is. */
  n?: number;
  /** Not yet resolved; never to be resolved, because the feed has no price for the moment. */
  pending?: number;
  reliability?: number | null;
  resolution?: number | null;
  symbol?: Symbol | null;
  uncertainty?: number | null;
  unresolvable?: number;
  within?: number | null;
}

/** The number of an input of the engine: contiguous from 1, the clock of everything that follows. */
export type Seq = number;

export type ServerFrame =
  | WelcomeFrame
  | OkFrame
  | ErrorFrame
  | PongFrame
  | ResumedFrame
  | ResyncFrame
  | LagFrame
  | HeartbeatFrame
  | ClosingFrame
  | MarketSnapshotPush
  | MarketDeltaPush
  | CandlesSnapshotPush
  | CandlesDeltaPush
  | TradesEventPush
  | OrdersEventPush
  | PositionsSnapshotPush
  | PositionsDeltaPush
  | WorkingSnapshotPush
  | WorkingDeltaPush
  | PortfolioSnapshotPush
  | PortfolioDeltaPush
  | DecisionsEventPush
  | AgentEventPush
  | PerformanceSnapshotPush
  | PerformanceDeltaPush
  | ModelsSnapshotPush
  | ModelsDeltaPush
  | EquitySnapshotPush
  | EquityDeltaPush
  | HealthSnapshotPush
  | HealthDeltaPush
  | AlertsEventPush
  | QualityEventPush;

/** A session of somebody who signed in. It is no secret. */
export type SessionId = string;

/** A session that goes on. */
export interface SessionInfo {
  /** IP address and user agent of where it was last refreshed. */
  address: string;
  agent: string;
  expires: TimeUs;
  id: SessionId;
  /** To the minute. */
  last_seen: TimeUs;
  made_at: TimeUs;
  /** What it allows now. */
  role: Role;
  token: TokenId | null;
  user: UserName;
}

export interface SessionTokens {
  access_token: string;
  refresh_token: string;
  token_type: string;
}

export type Severity = "info" | "warning" | "critical";

export type Side = "buy" | "sell";

/** An Ed25519 signature. */
export type Signature = string;

/** How large the log was and which root it had at a time, signed. */
export interface SignedHead {
  key: PublicKey;
  root: Hash;
  signature: Signature;
  size: number;
  /** Wall time, never before the head before it. */
  time: TimeUs;
}

/**
 * What a program is given that signed in. A page's script gets its tokens as cookies, which it cannot
 * read.
 */
export interface SignedIn {
  /** When the access token ends. */
  expires: TimeUs;
  name: UserName;
  role: Role;
  tokens?: SessionTokens | null;
}

/** A place without the topic, as `since` gives it. */
export interface Since {
  epoch: Epoch;
  offset: number;
}

/** Whether a user may come in. */
export type Standing = "active" | "disabled";

export interface SubscribeFrame {
  id: number;
  topics: SubscribeTopic[];
  type: "subscribe";
}

/**
 * One wish of a `subscribe`. The topic is text here, because one unknown name must not spoil the
 * others; `market:*` is every symbol.
 */
export interface SubscribeTopic {
  /** Log topics: how many past publications to send first. */
  history?: number | null;
  lag?: LagRule | null;
  /** Conflated topics: at most so often, rounded down to a tier. */
  max_rate_hz?: number | null;
  since?: Since | null;
  topic: string;
}

/** How a subscription began. */
export interface Subscribed {
  epoch: Epoch;
  /** The client holds everything up to here; what comes next continues it. */
  offset: number;
  topic: string;
}

/** An instrument, as the exchange writes it: `BTCUSDT`. */
export type Symbol = string;

/**
 * The state of one symbol's market, as `market:<symbol>` shows it. The 24-hour figures are the
 * exchange's where the feed gives them; else they roll over the feed's own last 24 hours and are
 * undefined until it has run so long.
 */
export interface Ticker {
  asks: Level[];
  /** Best levels, best first; empty where the feed has no book. */
  bids: Level[];
  change_24h: string | null;
  change_percent_24h: string | null;
  high_24h: string | null;
  low_24h: string | null;
  price: string;
  /** Prints seen since the start of the data. */
  prints: number;
  quantity: string;
  symbol: Symbol;
  taker: Side;
  /** Market time of the last print. */
  time: TimeUs;
  volume_24h: string | null;
}

/** What changed of `Ticker`: what is absent is as it was, null is null. */
export interface TickerPatch {
  asks?: Level[];
  /** Best levels, best first; empty where the feed has no book. */
  bids?: Level[];
  change_24h?: string | null;
  change_percent_24h?: string | null;
  high_24h?: string | null;
  low_24h?: string | null;
  price?: string;
  /** Prints seen since the start of the data. */
  prints?: number;
  quantity?: string;
  symbol?: Symbol;
  taker?: Side;
  /** Market time of the last print. */
  time?: TimeUs;
  volume_24h?: string | null;
}

/** How long an order lives. */
export type TimeInForce = "gtc" | "ioc" | "fok" | "gtd";

/** An instant: µs since 1970-01-01T00:00:00Z. In JSON a number (exact below 2^53, the year 2255). */
export type TimeUs = number;

/** An API token. It is no secret: the token's text begins with it. */
export type TokenId = string;

export interface TokenInfo {
  expires: TimeUs | null;
  id: TokenId;
  made_at: TimeUs;
  /** What its maker wrote about it; may be empty. */
  note: string;
  revoked_at: TimeUs | null;
  scopes: Scopes;
  user: UserName;
}

/** A topic that could not be subscribed to. */
export interface TopicError {
  code: string;
  message: string;
  topic: string;
}

/** A place in a topic: the offset that was seen last. */
export interface TopicPosition {
  epoch: Epoch;
  offset: number;
  topic: string;
}

/** A event of `trades`. */
export interface TradesEventPush {
  data: Fill;
  epoch: Epoch;
  first: number;
  kind: "event";
  last: number;
  seq: Seq;
  t_published: TimeUs;
  t_received: TimeUs;
  t_source: TimeUs | null;
  topic: `trades:${string}`;
  type: "push";
}

/** What a pause, a kill or a resumption did. */
export interface TradingChanged {
  /** Orders that were taken back. */
  cancelled: Order[];
  /** Orders that close what was held. */
  closing: Order[];
  state: TradingState;
}

/** Whether a bot's trading goes on. */
export type TradingState = "running" | "paused" | "halted";

/** The moment a conditional order went to work, and the market data that did it. */
export interface Trigger {
  /** The price that the market reached. */
  price: string;
  /** The stop price as it was then: for trailing stops the last of many. */
  stop_price: string;
  time: TimeUs;
  /** The print, where it was one. */
  trade: number | null;
}

export interface UnsubscribeFrame {
  id: number;
  topics: (string)[];
  type: "unsubscribe";
}

export interface UserChange {
  password?: string | null;
  role?: Role | null;
  standing?: Standing | null;
}

export interface UserInfo {
  /** Wall time. */
  made_at: TimeUs;
  name: UserName;
  role: Role;
  standing: Standing;
}

/** A user's name, in lower case whatever it was written in. */
export type UserName = string;

/** The price that a decision was judged by. */
export interface Verdict {
  price: string;
  source: VerdictSource;
  /** When that price was the market's; at most a minute before `resolves_at`. */
  time: TimeUs;
}

export type VerdictSource = "print" | "candle";

/** By what means somebody did something. */
export type Via = "session" | "token" | "cli" | "none";

/** What an order that is not finished waits for. */
export type Waiting =
  | {
    code: "in_flight";
    until: TimeUs;
  }
  | {
    code: "entry";
    order: OrderId;
    status: OrderStatus;
  }
  | {
    activation_price: string;
    code: "activation";
  }
  | {
    code: "trigger";
    /** Trailing: the best price since tracking began. */
    peak: string | null;
    stop_price: string;
  }
  | {
    code: "traded_through";
    price: string;
  }
  | {
    ahead: string;
    code: "queue";
    price: string;
  }
  | {
    code: "evidence";
  }
  | {
    code: "liquidity";
    remaining: string;
  };

export interface WelcomeFrame {
  api_version: string;
  features: (string)[];
  limits: ClientLimits;
  ping_ms: number;
  /**
   * What the binary encoding looks like: `schema_hash` of the server. It stays the
   * first field of the first frame, so that those can read it who can read nothing else.
   */
  schema?: string;
  server_time: TimeUs;
  session: string;
  type: "welcome";
}

/** The figures of one window. Fractions, not percent: 0.05 is 5 %. */
export interface WindowMetrics {
  basis: Basis;
  fees_paid: string;
  /** Every metric there is. */
  metrics: Partial<Record<"total_return" | "cagr" | "volatility" | "sharpe" | "sortino" | "max_drawdown" | "max_drawdown_duration_s" | "current_drawdown" | "calmar" | "omega" | "gain_to_pain" | "ulcer" | "var_hist" | "var_param" | "cvar_hist" | "cvar_param" | "tail_ratio" | "skew" | "kurtosis" | "psr" | "stability" | "period_win_rate" | "period_payoff" | "period_kelly" | "benchmark_return" | "beta" | "alpha" | "information_ratio" | "exposure" | "turnover" | "trades" | "win_rate" | "profit_factor" | "payoff" | "expectancy" | "expectancy_ratio" | "kelly" | "sqn" | "p_value" | "average_holding_s" | "average_mae" | "average_mfe" | "longest_winning_streak" | "longest_losing_streak", Metric>>;
  /** Returns that went in. */
  n: number;
  periods_per_year: number;
  pnl_distribution: Distribution;
}

/** What changed of `WindowMetrics`: what is absent is as it was, null is null. */
export interface WindowMetricsPatch {
  basis?: Basis;
  fees_paid?: string;
  /** Every metric there is. */
  metrics?: Partial<Record<"total_return" | "cagr" | "volatility" | "sharpe" | "sortino" | "max_drawdown" | "max_drawdown_duration_s" | "current_drawdown" | "calmar" | "omega" | "gain_to_pain" | "ulcer" | "var_hist" | "var_param" | "cvar_hist" | "cvar_param" | "tail_ratio" | "skew" | "kurtosis" | "psr" | "stability" | "period_win_rate" | "period_payoff" | "period_kelly" | "benchmark_return" | "beta" | "alpha" | "information_ratio" | "exposure" | "turnover" | "trades" | "win_rate" | "profit_factor" | "payoff" | "expectancy" | "expectancy_ratio" | "kelly" | "sqn" | "p_value" | "average_holding_s" | "average_mae" | "average_mfe" | "longest_winning_streak" | "longest_losing_streak", MetricPatch>>;
  /** Returns that went in. */
  n?: number;
  periods_per_year?: number;
  pnl_distribution?: DistributionPatch;
}

/** The moving trigger of a resting order, as `working:<bot>` shows it: rows by `order`. */
export interface Working {
  /** From the last price to the trigger, in percent of the last price. */
  distance_percent: string | null;
  /** The last word on this order: the row is gone after it. */
  done: boolean;
  last_price: string | null;
  order: OrderId;
  /** The best price since tracking began; undefined until it has begun. */
  peak: string | null;
  side: Side;
  symbol: Symbol;
  time: TimeUs;
  trigger_price: string | null;
}

/** A delta of `working`. */
export interface WorkingDeltaPush {
  data: WorkingPatch[];
  epoch: Epoch;
  first: number;
  kind: "delta";
  last: number;
  seq: Seq;
  t_published: TimeUs;
  t_received: TimeUs;
  t_source: TimeUs | null;
  topic: `working:${string}`;
  type: "push";
}

/** What changed of `Working`: what is absent is as it was, null is null. */
export interface WorkingPatch {
  /** From the last price to the trigger, in percent of the last price. */
  distance_percent?: string | null;
  /** The last word on this order: the row is gone after it. */
  done?: boolean;
  last_price?: string | null;
  order: OrderId;
  /** The best price since tracking began; undefined until it has begun. */
  peak?: string | null;
  side?: Side;
  symbol?: Symbol;
  time?: TimeUs;
  trigger_price?: string | null;
}

/** A snapshot of `working`. */
export interface WorkingSnapshotPush {
  data: Working[];
  epoch: Epoch;
  first: number;
  kind: "snapshot";
  last: number;
  seq: Seq;
  t_published: TimeUs;
  t_received: TimeUs;
  t_source: TimeUs | null;
  topic: `working:${string}`;
  type: "push";
}

/** REST, by method and path. */
export interface Rest {
  /** All that is known of the machine */
  "GET /health": {
    query: undefined;
    body: undefined;
    answer: HealthReport;
  };
  /** Counters and gauges (OpenMetrics) */
  "GET /metrics": {
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Whether everything that must work does */
  "GET /ready": {
    query: undefined;
    body: undefined;
    answer: Readiness;
  };
  /** What was done by whom, the newest first */
  "GET /v1/audit": {
    query: {
      /** Only entries before this one. */
      before?: AuditId;
      /** 100 where absent, 500 at most. */
      limit?: number;
    };
    body: undefined;
    answer: AuditEntry[];
  };
  /** Signs in */
  "POST /v1/auth/login": {
    query: undefined;
    body: Credentials;
    answer: SignedIn;
  };
  /** Ends the session that asks */
  "POST /v1/auth/logout": {
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Ends all sessions of who asks */
  "POST /v1/auth/logout_everywhere": {
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Who asks, as the server sees it */
  "GET /v1/auth/me": {
    query: undefined;
    body: undefined;
    answer: Me;
  };
  /** Changes one's own password; all sessions end, a new one begins */
  "POST /v1/auth/password": {
    query: undefined;
    body: NewPassword;
    answer: SignedIn;
  };
  /** A new access token; a page's script sends its cookie alone */
  "POST /v1/auth/refresh": {
    query: undefined;
    body: RefreshBody | undefined;
    answer: SignedIn;
  };
  /** One's own sessions */
  "GET /v1/auth/sessions": {
    query: undefined;
    body: undefined;
    answer: SessionInfo[];
  };
  /** Ends one of one's own sessions */
  "DELETE /v1/auth/sessions/{id}": {
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** What an outside bot decided and did; each item stands for itself */
  "POST /v1/bots/{bot}/events": {
    query: undefined;
    body: Reports;
    answer: ReportResults;
  };
  /** The latest candles, oldest first, the running one last */
  "GET /v1/candles": {
    query: {
      symbol: Symbol;
      /** `1m` where absent. */
      interval?: Interval;
      /** So many at most; all that are kept where absent. */
      limit?: number;
    };
    body: undefined;
    answer: Candle[];
  };
  /** Decisions, the newest first: the log of all their states, or filtered */
  "GET /v1/decisions": {
    query: {
      /** Whose; `paper` where absent. */
      bot?: BotId;
      /** 100 where absent. */
      limit?: number;
      states?: "all" | "newest";
      /** Of this model alone. */
      model?: string;
      symbol?: Symbol;
      horizon?: Horizon;
      outcome?: Outcome;
      min_confidence?: number;
      max_confidence?: number;
      /** The page before this decision; of the log, before this offset. */
      before?: string;
    };
    body: undefined;
    answer: Decision[];
  };
  /** A decision with its steps, orders and fills */
  "GET /v1/decisions/{id}": {
    query: {
      /** Whose; `paper` where absent. */
      bot?: BotId;
    };
    body: undefined;
    answer: DecisionDetail;
  };
  /** What is traded, and the exchange's filters */
  "GET /v1/instruments": {
    query: undefined;
    body: undefined;
    answer: Instrument[];
  };
  /** The kill switch: cancels and closes everything, and halts trading */
  "POST /v1/kill": {
    query: {
      /** Whose; `paper` where absent. */
      bot?: BotId;
    };
    body: undefined;
    answer: TradingChanged;
  };
  /** Deposits and fills with the cash after each, the newest first */
  "GET /v1/ledger": {
    query: {
      /** Whose; `paper` where absent. */
      bot?: BotId;
      /** 100 where absent. */
      limit?: number;
      /** As an earlier answer's `Plainsight-Next-Before` has it. */
      before?: string;
    };
    body: undefined;
    answer: LedgerEntry[];
  };
  /** That the tree of one size is the beginning of another's */
  "GET /v1/log/consistency": {
    query: {
      first: number;
      second: number;
    };
    body: undefined;
    answer: ConsistencyProof;
  };
  /** Entries by place, or those of one id */
  "GET /v1/log/entries": {
    query: {
      /** The first place. */
      start?: number;
      /** The last place, at most 999 behind the first. */
      end?: number;
      /** Of a decision, an order or a fill. */
      id?: string;
      bot?: BotId;
    };
    body: undefined;
    answer: LogEntry[];
  };
  /** That an entry is in the tree of a size */
  "GET /v1/log/proof": {
    query: {
      /** The entry's place. */
      index?: number;
      /** Its leaf hash, where the place is not known. */
      hash?: string;
      /** Of the tree; the newest head's where absent. */
      size?: number;
    };
    body: undefined;
    answer: InclusionProof;
  };
  /** The newest signed head, one of a size, or a list */
  "GET /v1/log/sth": {
    query: {
      /** The head of exactly so many entries. */
      size?: number;
      /** So many heads, the newest first. */
      list?: number;
    };
    body: undefined;
    answer: SignedHead | SignedHead[];
  };
  /** How the models judge, and the markets as they see them */
  "GET /v1/models": {
    query: {
      /** Whose; `paper` where absent. */
      bot?: BotId;
    };
    body: undefined;
    answer: Models;
  };
  /** Takes all open orders back, or all of one symbol */
  "DELETE /v1/orders": {
    query: {
      /** Whose; `paper` where absent. */
      bot?: BotId;
      /** All symbols where absent. */
      symbol?: Symbol;
    };
    body: undefined;
    answer: Done;
  };
  /** Every state of every order, the newest first */
  "GET /v1/orders": {
    query: {
      /** Whose; `paper` where absent. */
      bot?: BotId;
      /** 100 where absent. */
      limit?: number;
      /** Only entries with an offset below it. */
      before?: number;
    };
    body: undefined;
    answer: Order[];
  };
  /** Sends an order; with a take-profit or a stop-loss it is a bracket */
  "POST /v1/orders": {
    query: {
      /** Whose; `paper` where absent. */
      bot?: BotId;
    };
    body: NewOrder;
    answer: Done;
  };
  /** What an order would cost, without sending it */
  "POST /v1/orders/check": {
    query: {
      /** Whose; `paper` where absent. */
      bot?: BotId;
    };
    body: NewOrder;
    answer: OrderCheck;
  };
  /** Sends two orders of which one cancels the other */
  "POST /v1/orders/oco": {
    query: {
      /** Whose; `paper` where absent. */
      bot?: BotId;
    };
    body: NewOco;
    answer: Done;
  };
  /** Open orders, in the order of their acceptance */
  "GET /v1/orders/open": {
    query: {
      /** Whose; `paper` where absent. */
      bot?: BotId;
    };
    body: undefined;
    answer: Order[];
  };
  /** Takes an open order back */
  "DELETE /v1/orders/{id}": {
    query: {
      /** Whose; `paper` where absent. */
      bot?: BotId;
    };
    body: undefined;
    answer: Done;
  };
  /** An order with every state that it had, and its fills */
  "GET /v1/orders/{id}": {
    query: {
      /** Whose; `paper` where absent. */
      bot?: BotId;
    };
    body: undefined;
    answer: OrderHistory;
  };
  /** Changes an open order */
  "PATCH /v1/orders/{id}": {
    query: {
      /** Whose; `paper` where absent. */
      bot?: BotId;
    };
    body: Amendment;
    answer: Done;
  };
  /** Why an order has not filled, or how it ended */
  "GET /v1/orders/{id}/explain": {
    query: {
      /** Whose; `paper` where absent. */
      bot?: BotId;
    };
    body: undefined;
    answer: Explanation;
  };
  /** The agent stops acting; people still can */
  "POST /v1/pause": {
    query: {
      /** Whose; `paper` where absent. */
      bot?: BotId;
    };
    body: undefined;
    answer: TradingChanged;
  };
  /** Every metric, by window */
  "GET /v1/performance": {
    query: {
      /** Whose; `paper` where absent. */
      bot?: BotId;
    };
    body: undefined;
    answer: Performance;
  };
  /** The account as a whole */
  "GET /v1/portfolio": {
    query: {
      /** Whose; `paper` where absent. */
      bot?: BotId;
    };
    body: undefined;
    answer: Portfolio;
  };
  /** What is held, by symbol */
  "GET /v1/positions": {
    query: {
      /** Whose; `paper` where absent. */
      bot?: BotId;
    };
    body: undefined;
    answer: Position[];
  };
  /** Closes a position, or a part of it, at the market */
  "POST /v1/positions/{symbol}/close": {
    query: {
      /** Whose; `paper` where absent. */
      bot?: BotId;
    };
    body: ClosePosition | undefined;
    answer: Done;
  };
  /** Trading goes on */
  "POST /v1/resume": {
    query: {
      /** Whose; `paper` where absent. */
      bot?: BotId;
    };
    body: undefined;
    answer: TradingChanged;
  };
  /** All API tokens */
  "GET /v1/tokens": {
    query: undefined;
    body: undefined;
    answer: TokenInfo[];
  };
  /** Makes an API token, which is said this once */
  "POST /v1/tokens": {
    query: undefined;
    body: CreateToken;
    answer: CreatedToken;
  };
  /** Revokes an API token */
  "DELETE /v1/tokens/{id}": {
    query: undefined;
    body: undefined;
    answer: undefined;
  };
  /** Fills, the newest first */
  "GET /v1/trades": {
    query: {
      /** Whose; `paper` where absent. */
      bot?: BotId;
      /** 100 where absent. */
      limit?: number;
      /** Only entries with an offset below it. */
      before?: number;
    };
    body: undefined;
    answer: Fill[];
  };
  /** All users */
  "GET /v1/users": {
    query: undefined;
    body: undefined;
    answer: UserInfo[];
  };
  /** Adds a user */
  "POST /v1/users": {
    query: undefined;
    body: AddUser;
    answer: undefined;
  };
  /** Changes a user */
  "PATCH /v1/users/{name}": {
    query: undefined;
    body: UserChange;
    answer: undefined;
  };
  /** The moving triggers of resting orders */
  "GET /v1/working": {
    query: {
      /** Whose; `paper` where absent. */
      bot?: BotId;
    };
    body: undefined;
    answer: Working[];
  };
  /** The native socket (WebSocket) */
  "GET /v1/ws": {
    query: undefined;
    body: undefined;
    answer: undefined;
  };
}
