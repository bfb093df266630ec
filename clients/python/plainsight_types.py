"""The types of Plainsight's API: frames of its socket, data of its topics, bodies of REST.

Generated from the server's documents; the tests say how it is written anew.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypeAlias, TypedDict, Union


class ActionOrders(TypedDict):
    orders: list[OrderId]


class ActionVetoedVetoed(TypedDict):
    rule: str


class ActionVetoed(TypedDict):
    # A risk rule kept it from trading.
    vetoed: ActionVetoedVetoed

# What was done about a decision.
Action: TypeAlias = 'Union[ActionOrders, ActionVetoed, Literal["none"]]'


class AddUser(TypedDict):
    name: UserName
    password: str
    role: Role


class AgentEntryStep(TypedDict):
    step: AgentStep


class AgentEntryNoteNote(TypedDict):
    bot: BotId
    id: str
    symbol: Union[Symbol, None]
    text: str
    time: TimeUs


class AgentEntryNote(TypedDict):
    note: AgentEntryNoteNote


class AgentEntryTradingTrading(TypedDict):
    bot: BotId
    state: TradingState
    time: TimeUs


class AgentEntryTrading(TypedDict):
    # The bot's trading was paused, halted or resumed.
    trading: AgentEntryTradingTrading

# What `agent:<bot>` carries: the agent's steps, and the notes that a bot sent.
AgentEntry: TypeAlias = 'Union[AgentEntryStep, AgentEntryNote, AgentEntryTrading]'


class AgentEventPush(TypedDict):
    """A event of `agent`."""

    data: AgentEntry
    epoch: Epoch
    first: int
    kind: Literal["event"]
    last: int
    seq: Seq
    t_published: TimeUs
    t_received: TimeUs
    t_source: Union[TimeUs, None]
    topic: str
    type: Literal["push"]

# Where in its loop an agent is: observe → orient → decide → act.
AgentPhase: TypeAlias = 'Literal["observe", "orient", "decide", "act"]'


# One transition of an agent.
AgentStep = TypedDict(
    "AgentStep",
    {
        "bot": 'BotId',
        "from": 'AgentPhase',
        "reason": 'str',
        "symbol": 'Union[Symbol, None]',
        "time": 'TimeUs',
        "to": 'AgentPhase',
        # Wall time that the phase left took, µs. In the event itself `None`: it is no figure of the core
        # and stands beside the event in the journal.
        "took_us": 'Union[float, None]',
    },
)


class Alert(TypedDict):
    bot: Union[BotId, None]
    # Stable, for programs.
    code: str
    id: AlertId
    # For people.
    message: str
    severity: Severity
    time: TimeUs

# An alert: `alert-<seq>-<n>`.
AlertId: TypeAlias = 'str'


class AlertsEventPush(TypedDict):
    """A event of `alerts`."""

    data: Alert
    epoch: Epoch
    first: int
    kind: Literal["event"]
    last: int
    seq: Seq
    t_published: TimeUs
    t_received: TimeUs
    t_source: Union[TimeUs, None]
    topic: Literal["alerts"]
    type: Literal["push"]


class AmendFrame(TypedDict):
    """By our id or the client's."""

    bot: NotRequired[Union[BotId, None]]
    change: Amendment
    id: int
    order: OrderId
    type: Literal["amend"]


class Amendment(TypedDict):
    """What is to be different in an open order; what is absent stays."""

    activation_price: NotRequired[Union[str, None]]
    expires_at: NotRequired[Union[TimeUs, None]]
    price: NotRequired[Union[str, None]]
    # The whole quantity, filled parts included.
    quantity: NotRequired[Union[str, None]]
    stop_price: NotRequired[Union[str, None]]
    trail_amount: NotRequired[Union[str, None]]
    trail_percent: NotRequired[Union[str, None]]

AuditAction: TypeAlias = 'Literal["signed_in", "sign_in_failed", "signed_out", "signed_out_everywhere", "refresh_reused", "joined", "user_added", "user_disabled", "user_enabled", "password_changed", "role_changed", "token_created", "token_revoked", "session_revoked", "order", "order_amended", "order_cancelled", "position_closed", "killed", "paused", "resumed", "setting_changed"]'


class AuditEntry(TypedDict):
    """One thing that was done, or tried."""

    action: AuditAction
    # The IP address that it came from; absent on the command line.
    address: Union[str, None]
    by: Via
    detail: Union[str, None]
    id: AuditId
    # What it was done to: a user, a token, an order.
    subject: Union[str, None]
    # Wall time.
    time: TimeUs
    who: Union[UserName, None]

# The place of an entry in the audit: counted from 1, never used twice.
AuditId: TypeAlias = 'int'


class AuthFrame(TypedDict):
    """Renews the connection's authority before the token that it came with expires."""

    id: int
    token: Credential
    type: Literal["auth"]

# Which returns the ratios of a window are made of.
Basis: TypeAlias = 'Literal["intraday", "daily"]'

# A bot. The built-in one is `paper`.
BotId: TypeAlias = 'str'


class CalibrationPoint(TypedDict):
    """Of so many resolved decisions in a row (`POINT_SIZE`) how they were, the oldest points first."""

    brier: float
    confidence: float
    hit_rate: float
    # Market time at which the last of them was resolved.
    time: TimeUs


class CancelAllFrame(TypedDict):
    """All open orders, or all of one symbol."""

    bot: NotRequired[Union[BotId, None]]
    id: int
    symbol: NotRequired[Union[Symbol, None]]
    type: Literal["cancel_all"]


class CancelFrame(TypedDict):
    """By our id or the client's."""

    bot: NotRequired[Union[BotId, None]]
    id: int
    order: OrderId
    type: Literal["cancel"]


class Candle(TypedDict):
    """One period of one symbol, with the figures of Binance's kline rows."""

    close: str
    # The last instant of the period (µs).
    close_time: TimeUs
    # No further print can change it.
    closed: bool
    high: str
    interval: Interval
    low: str
    open: str
    open_time: TimeUs
    # In the quote currency: Σ price × quantity.
    quote_volume: str
    symbol: Symbol
    taker_buy_quote_volume: str
    # Volume that was bought by takers, in base and in quote.
    taker_buy_volume: str
    # Raw trades.
    trades: int
    # In the base currency.
    volume: str


class CandlePatch(TypedDict):
    """What changed of `Candle`: what is absent is as it was, null is null."""

    close: NotRequired[str]
    # The last instant of the period (µs).
    close_time: NotRequired[TimeUs]
    # No further print can change it.
    closed: NotRequired[bool]
    high: NotRequired[str]
    interval: NotRequired[Interval]
    low: NotRequired[str]
    open: NotRequired[str]
    open_time: TimeUs
    # In the quote currency: Σ price × quantity.
    quote_volume: NotRequired[str]
    symbol: NotRequired[Symbol]
    taker_buy_quote_volume: NotRequired[str]
    # Volume that was bought by takers, in base and in quote.
    taker_buy_volume: NotRequired[str]
    # Raw trades.
    trades: NotRequired[int]
    # In the base currency.
    volume: NotRequired[str]


class CandlesDeltaPush(TypedDict):
    """A delta of `candles`."""

    data: list[CandlePatch]
    epoch: Epoch
    first: int
    kind: Literal["delta"]
    last: int
    seq: Seq
    t_published: TimeUs
    t_received: TimeUs
    t_source: Union[TimeUs, None]
    topic: str
    type: Literal["push"]


class CandlesSnapshotPush(TypedDict):
    """A snapshot of `candles`."""

    data: list[Candle]
    epoch: Epoch
    first: int
    kind: Literal["snapshot"]
    last: int
    seq: Seq
    t_published: TimeUs
    t_received: TimeUs
    t_source: Union[TimeUs, None]
    topic: str
    type: Literal["push"]

ClientFrame: TypeAlias = 'Union[HelloFrame, SubscribeFrame, UnsubscribeFrame, PingFrame, OrderFrame, OcoFrame, AmendFrame, CancelFrame, CancelAllFrame, CloseFrame, KillFrame, PauseFrame, ResumeFrame, AuthFrame]'


class ClientLimits(TypedDict):
    """What the server allows a client."""

    max_history: int
    max_message_bytes: int
    max_subscriptions: int


class CloseFrame(TypedDict):
    """All of the position, or a quantity."""

    bot: NotRequired[Union[BotId, None]]
    close: NotRequired[ClosePosition]
    id: int
    symbol: Symbol
    type: Literal["close"]


class ClosePosition(TypedDict):
    """Closes what is held of a symbol by a market order that can only reduce."""

    client_order_id: NotRequired[Union[str, None]]
    # All of it where absent.
    quantity: NotRequired[Union[str, None]]


class ClosingFrame(TypedDict):
    code: int
    retry_ms: int
    type: Literal["closing"]


class ConfidenceBin(TypedDict):
    """The resolved decisions whose confidence fell into one bin."""

    # Mean confidence; `None` where the bin is empty.
    confidence: Union[float, None]
    high: Union[float, None]
    hits: int
    # Wilson 95 % band of the share that was right.
    low: Union[float, None]
    # Mean return in the decisions' own direction (up: r, down: −r, flat: −|r|).
    mean_return: Union[float, None]
    n: int


class ConsistencyProof(TypedDict):
    """That the tree of the first `first` entries is the beginning of the one of the first `second`."""

    first: int
    path: list[Hash]
    second: int


class CreateToken(TypedDict):
    expires: NotRequired[Union[TimeUs, None]]
    note: NotRequired[str]
    scopes: Scopes
    user: UserName


class CreatedToken(TypedDict):
    id: TokenId
    # Said this once.
    token: str

# A bearer token, as text.
Credential: TypeAlias = 'str'


class Credentials(TypedDict):
    password: str
    username: str


class Decision(TypedDict):
    """A decision with all that is known of it. `decisions:<bot>` carries it when it is made and again,
    whole and under the same id, when it is resolved."""

    action: Action
    # Log-odds of "up" before any feature speaks: with the contributions it sums up to the model's
    # log-odds. `None` where the model has none to tell.
    bias: Union[float, None]
    bot: BotId
    # Probability that the direction is right, 0 to 1.
    confidence: float
    direction: Direction
    features: list[Feature]
    # `flat` is right iff the return stays within ± this.
    flat_band: float
    horizon: Horizon
    id: DecisionId
    made_at: TimeUs
    model: ModelId
    outcome: Outcome
    price_at: Union[str, None]
    price_target: Union[str, None]
    realised_return: Union[float, None]
    reasoning: str
    resolved_at: Union[TimeUs, None]
    resolves_at: TimeUs
    symbol: Symbol
    verdict: Union[Verdict, None]


class DecisionDetail(TypedDict):
    """One decision with all that is known of how it came to be and what it led to."""

    decision: Decision
    # Their fills, oldest first.
    fills: list[Fill]
    # The orders that it led to in their newest states, in the order in which they were placed.
    orders: list[Order]
    # What the agent did at the very input that it was made at, in order. Empty for an outside bot's.
    steps: list[AgentStep]

# A decision: `dec-<seq>-<n>` here, or an outside bot's own.
DecisionId: TypeAlias = 'str'


class DecisionReport(TypedDict):
    """A forecast. What follows from it, `price_at` and the outcome, is filled in here from the feed."""

    action: NotRequired[Union[Action, None]]
    # Log-odds of "up" before any feature speaks.
    bias: NotRequired[Union[float, None]]
    confidence: float
    direction: Direction
    features: NotRequired[list[Feature]]
    flat_band: NotRequired[Union[float, None]]
    horizon: Horizon
    id: DecisionId
    model: ModelId
    price_target: NotRequired[Union[str, None]]
    reasoning: NotRequired[str]
    symbol: Symbol
    type: Literal["decision"]


class DecisionsEventPush(TypedDict):
    """A event of `decisions`."""

    data: Decision
    epoch: Epoch
    first: int
    kind: Literal["event"]
    last: int
    seq: Seq
    t_published: TimeUs
    t_received: TimeUs
    t_source: Union[TimeUs, None]
    topic: str
    type: Literal["push"]


class DepositReport(TypedDict):
    """Money paid in (positive) or out (negative)."""

    amount: str
    id: str
    type: Literal["deposit"]

Direction: TypeAlias = 'Literal["up", "down", "flat"]'


# How many round trips earned how much, net of fees: bins of one width, the first from `from` on,
# each without its upper end. Zero is an edge or outside. No trips, no bins.
Distribution = TypedDict(
    "Distribution",
    {
        "counts": 'list[int]',
        "from": 'str',
        "width": 'str',
    },
)


# What changed of `Distribution`: what is absent is as it was, null is null.
DistributionPatch = TypedDict(
    "DistributionPatch",
    {
        "counts": 'NotRequired[list[int]]',
        "from": 'NotRequired[str]',
        "width": 'NotRequired[str]',
    },
)

# What a command led to.
Done: TypeAlias = 'Union[Order, list[Order], TradingChanged]'

# A client's own reading of its clock, given back as it came: in JSON the very number, whatever it
# was; in bytes a float.
Echo: TypeAlias = 'float'

# Identity of a topic's numbering. Random 64 bits; in JSON a string, because a JavaScript number
# could not hold it.
Epoch: TypeAlias = 'str'


class EquityDeltaPush(TypedDict):
    """A delta of `equity`."""

    data: list[EquityPointPatch]
    epoch: Epoch
    first: int
    kind: Literal["delta"]
    last: int
    seq: Seq
    t_published: TimeUs
    t_received: TimeUs
    t_source: Union[TimeUs, None]
    topic: str
    type: Literal["push"]


class EquityPoint(TypedDict):
    """Equity at one moment of market time, sampled each 60 s."""

    # What the same money would be worth, had it bought equal amounts of every symbol at the first
    # sample and held them; later deposits buy more of the same, withdrawals sell of it. Undefined
    # before there is a price, and while more was withdrawn than it was worth.
    benchmark: Union[str, None]
    deposits: str
    # equity / highest equity so far − 1, zero or negative; undefined before any equity.
    drawdown: Union[float, None]
    equity: str
    # Sharpe ratio of the 60 s returns of the last 24 h (P = 525,600), from 60 returns on.
    rolling_sharpe: Union[float, None]
    time: TimeUs


class EquityPointPatch(TypedDict):
    """What changed of `EquityPoint`: what is absent is as it was, null is null."""

    # What the same money would be worth, had it bought equal amounts of every symbol at the first
    # sample and held them; later deposits buy more of the same, withdrawals sell of it. Undefined
    # before there is a price, and while more was withdrawn than it was worth.
    benchmark: NotRequired[Union[str, None]]
    deposits: NotRequired[str]
    # equity / highest equity so far − 1, zero or negative; undefined before any equity.
    drawdown: NotRequired[Union[float, None]]
    equity: NotRequired[str]
    # Sharpe ratio of the 60 s returns of the last 24 h (P = 525,600), from 60 returns on.
    rolling_sharpe: NotRequired[Union[float, None]]
    time: TimeUs


class EquitySnapshotPush(TypedDict):
    """A snapshot of `equity`."""

    data: list[EquityPoint]
    epoch: Epoch
    first: int
    kind: Literal["snapshot"]
    last: int
    seq: Seq
    t_published: TimeUs
    t_received: TimeUs
    t_source: Union[TimeUs, None]
    topic: str
    type: Literal["push"]


class ErrorFrame(TypedDict):
    """`error`: a command was refused, or (without an id) a frame could not be read."""

    code: str
    field: Union[str, None]
    id: Union[int, None]
    message: str
    retry_ms: Union[int, None]
    # Trying again later may help, after `retry_ms` where it is given.
    temporary: bool
    type: Literal["error"]


class Estimate(TypedDict):
    """What it would cost, by the book or the last price as they are now."""

    cash_after: str
    fee: str
    # Of the quantity, what the visible book offers at once; undefined without a book.
    offered: Union[str, None]
    position_after: str
    # The average price that it would get.
    price: str
    # Beyond the best price there is, in the quote currency.
    slippage: str
    # price × quantity, in the quote currency.
    value: str


class EvidenceTradeTrade(TypedDict):
    id: int
    price: str
    quantity: str


class EvidenceTrade(TypedDict):
    # A print of the tape, and how much of it was consumed here.
    trade: EvidenceTradeTrade


class EvidenceBookBook(TypedDict):
    levels: list[Level]
    time: TimeUs


class EvidenceBook(TypedDict):
    # Levels of the book, with what was taken at each.
    book: EvidenceBookBook


class EvidenceBarBar(TypedDict):
    high: str
    low: str
    open_time: TimeUs
    volume: str


class EvidenceBar(TypedDict):
    # A bar that traded through the price, where the source has nothing finer.
    bar: EvidenceBarBar

# The market data that a fill rests on.
Evidence: TypeAlias = 'Union[EvidenceTrade, EvidenceBook, EvidenceBar, Literal["reported"]]'


class Explanation(TypedDict):
    """Why an open order has not filled, or how a finished one ended."""

    best_ask: Union[str, None]
    best_bid: Union[str, None]
    # From the last price to the one that is waited for, in percent of the last price.
    distance_percent: Union[str, None]
    last_price: Union[str, None]
    # The price that came nearest since the order went to work, where it waits for one.
    nearest: Union[str, None]
    order: Order
    # The same in words, with the figures.
    text: str
    # Market time.
    time: TimeUs
    waiting: Union[Waiting, None]


# What a fault of the data covers, as far as it is known: market time and the exchange's ids.
Extent = TypedDict(
    "Extent",
    {
        # The first and the last id that are concerned.
        "first_id": 'Union[int, None]',
        "from": 'Union[TimeUs, None]',
        "last_id": 'Union[int, None]',
        "to": 'Union[TimeUs, None]',
    },
)


class Feature(TypedDict):
    """One input of a model, and what it moved the model's log-odds of "up" by."""

    contribution: float
    name: str
    value: float


class FeedHealth(TypedDict):
    link: Union[LinkHealth, None]
    market_time: Union[TimeUs, None]
    name: str
    problem: Union[str, None]
    received_at: Union[TimeUs, None]
    rejected_rows: int
    rows: int
    # Market seconds a wall second; `None` is as fast as it goes.
    speed: Union[float, None]
    state: FeedState
    symbols: list[Symbol]


class FeedHealthPatch(TypedDict):
    """What changed of `FeedHealth`: what is absent is as it was, null is null."""

    link: NotRequired[Union[LinkHealthPatch, None]]
    market_time: NotRequired[Union[TimeUs, None]]
    name: NotRequired[str]
    problem: NotRequired[Union[str, None]]
    received_at: NotRequired[Union[TimeUs, None]]
    rejected_rows: NotRequired[int]
    rows: NotRequired[int]
    # Market seconds a wall second; `None` is as fast as it goes.
    speed: NotRequired[Union[float, None]]
    state: NotRequired[FeedState]
    symbols: NotRequired[list[Symbol]]

FeedState: TypeAlias = 'Literal["recovering", "warming", "running", "ended", "halted"]'


class Fill(TypedDict):
    bot: BotId
    # What the account had in cash after it.
    cash: str
    decision: Union[DecisionId, None]
    evidence: Evidence
    # In the quote currency.
    fee: str
    id: FillId
    liquidity: Liquidity
    order: Union[OrderId, None]
    price: str
    quantity: str
    # Gross, of the part that closed an open position; zero where it only opened.
    realised_pnl: str
    side: Side
    # Paid beyond the best price there was, in the quote currency: the book's depth and the
    # configured slippage.
    slippage: str
    source: FillSource
    symbol: Symbol
    # Market time.
    time: TimeUs
    # price × quantity, in the quote currency.
    value: str

# A fill: `trade-<seq>-<n>` here, or an outside bot's own.
FillId: TypeAlias = 'str'


class FillReport(TypedDict):
    """A fill that happened elsewhere."""

    decision: NotRequired[Union[DecisionId, None]]
    fee: NotRequired[str]
    id: FillId
    liquidity: NotRequired[Union[Liquidity, None]]
    order: NotRequired[Union[OrderId, None]]
    price: str
    quantity: str
    side: Side
    symbol: Symbol
    time: NotRequired[Union[TimeUs, None]]
    type: Literal["fill"]

FillSource: TypeAlias = 'Literal["paper", "reported"]'


class Filters(TypedDict):
    """The exchange's bounds and steps. `None` is no bound."""

    # The largest quantity of an order that takes any price.
    max_market_quantity: Union[str, None]
    max_notional: Union[str, None]
    max_price: Union[str, None]
    max_quantity: Union[str, None]
    # The least and the largest price × quantity, in the quote currency.
    min_notional: Union[str, None]
    min_price: Union[str, None]
    min_quantity: Union[str, None]
    # Quantities are multiples of it.
    step_size: Union[str, None]
    # Prices are multiples of it.
    tick_size: Union[str, None]

# The SHA-256 that a node of the tree is known by.
Hash: TypeAlias = 'str'


class Health(TypedDict):
    bots: list[BotId]
    clients: int
    feed: FeedHealth
    journal: JournalHealth
    mode: Mode
    problems: list[str]
    process: ProcessHealth
    pushes: int
    # Everything that must work does: what `/ready` says.
    ready: bool
    # From the item's arrival to the journal's commit, and on to publication.
    received_to_journalled: Latency
    received_to_published: Latency
    seq: Seq
    # Wall time.
    time: TimeUs


class HealthDeltaPush(TypedDict):
    """A delta of `health`."""

    data: HealthPatch
    epoch: Epoch
    first: int
    kind: Literal["delta"]
    last: int
    seq: Seq
    t_published: TimeUs
    t_received: TimeUs
    t_source: Union[TimeUs, None]
    topic: Literal["health"]
    type: Literal["push"]


class HealthPatch(TypedDict):
    """What changed of `Health`: what is absent is as it was, null is null."""

    bots: NotRequired[list[BotId]]
    clients: NotRequired[int]
    feed: NotRequired[FeedHealthPatch]
    journal: NotRequired[JournalHealthPatch]
    mode: NotRequired[Mode]
    problems: NotRequired[list[str]]
    process: NotRequired[ProcessHealthPatch]
    pushes: NotRequired[int]
    # Everything that must work does: what `/ready` says.
    ready: NotRequired[bool]
    # From the item's arrival to the journal's commit, and on to publication.
    received_to_journalled: NotRequired[LatencyPatch]
    received_to_published: NotRequired[LatencyPatch]
    seq: NotRequired[Seq]
    # Wall time.
    time: NotRequired[TimeUs]


class HealthReport(TypedDict):
    bots: list[BotId]
    clients: int
    feed: FeedHealth
    journal: JournalHealth
    mode: Mode
    problems: list[str]
    process: ProcessHealth
    pushes: int
    # Everything that must work does: what `/ready` says.
    ready: bool
    # From the item's arrival to the journal's commit, and on to publication.
    received_to_journalled: Latency
    received_to_published: Latency
    seq: Seq
    # Wall time.
    time: TimeUs
    status: HealthStatus
    # Of `time`, as RFC 3339.
    timestamp: str
    version: str


class HealthSnapshotPush(TypedDict):
    """A snapshot of `health`."""

    data: Health
    epoch: Epoch
    first: int
    kind: Literal["snapshot"]
    last: int
    seq: Seq
    t_published: TimeUs
    t_received: TimeUs
    t_source: Union[TimeUs, None]
    topic: Literal["health"]
    type: Literal["push"]

HealthStatus: TypeAlias = 'Literal["healthy", "degraded"]'


class HeartbeatFrame(TypedDict):
    heads: list[TopicPosition]
    server_time: TimeUs
    type: Literal["heartbeat"]


class HelloFrame(TypedDict):
    # Name and version of the program, for logs.
    client: NotRequired[Union[str, None]]
    # What the client can unpack: `deflate`. Large snapshots may then come as a binary message of
    # their own: raw DEFLATE of what the message would have been, in the binary encoding behind
    # a byte of zero (a frame's length is never zero).
    compression: NotRequired[list[str]]
    resume: NotRequired[list[ResumeFrom]]
    token: NotRequired[Union[Credential, None]]
    type: Literal["hello"]

# How far ahead a decision looks: a whole number of seconds, written `30s`, `5m`, `4h`, `1d`.
Horizon: TypeAlias = 'str'


class InclusionProof(TypedDict):
    """That the entry `index` is in the tree of the first `size` entries."""

    index: int
    leaf_hash: Hash
    # The siblings on the way from the leaf to the root.
    path: list[Hash]
    size: int


class Instrument(TypedDict):
    """What is traded under a symbol, and in which steps."""

    # The currency that is bought and sold.
    base: str
    filters: Filters
    # The currency that it is paid in.
    quote: str
    symbol: Symbol

# The periods that are built.
Interval: TypeAlias = 'Literal["1s", "1m", "5m", "1h", "4h", "1d"]'


class InvariantBrokenBroken(TypedDict):
    what: str


class InvariantBroken(TypedDict):
    broken: InvariantBrokenBroken

# Whether the identities of accounting hold at this moment.
Invariant: TypeAlias = 'Union[Literal["holds"], InvariantBroken]'


class JournalHealth(TypedDict):
    events: int
    # Why not, since when (wall time) and how often it was tried.
    problem: Union[str, None]
    retries: int
    size_bytes: int
    unwritable_since: Union[TimeUs, None]
    writable: bool


class JournalHealthPatch(TypedDict):
    """What changed of `JournalHealth`: what is absent is as it was, null is null."""

    events: NotRequired[int]
    # Why not, since when (wall time) and how often it was tried.
    problem: NotRequired[Union[str, None]]
    retries: NotRequired[int]
    size_bytes: NotRequired[int]
    unwritable_since: NotRequired[Union[TimeUs, None]]
    writable: NotRequired[bool]


class KillFrame(TypedDict):
    bot: NotRequired[Union[BotId, None]]
    id: int
    type: Literal["kill"]


class LagFrame(TypedDict):
    """The client read too slowly: the next `skipped` publications of a log topic will not come by
    themselves. It resumes the topic from where it stands."""

    skipped: int
    topic: str
    type: Literal["lag"]

# What becomes of a log topic whose reader is too slow.
LagRule: TypeAlias = 'Literal["skip", "close"]'


class Latency(TypedDict):
    """Percentiles of one measured delay, µs, over the last minute; `None` where nothing was measured."""

    n: int
    p50_us: Union[int, None]
    p95_us: Union[int, None]
    p99_us: Union[int, None]


class LatencyPatch(TypedDict):
    """What changed of `Latency`: what is absent is as it was, null is null."""

    n: NotRequired[int]
    p50_us: NotRequired[Union[int, None]]
    p95_us: NotRequired[Union[int, None]]
    p99_us: NotRequired[Union[int, None]]


class LedgerEntryDeposit(TypedDict):
    type: Literal["deposit"]
    # What came in; negative is what went out, fees included.
    amount: str
    bot: BotId
    # What the account had in cash after it.
    cash: str
    # The deposit's or the fill's id.
    id: str
    seq: Seq
    # Market time.
    time: TimeUs


class LedgerEntryFill(TypedDict):
    fee: str
    order: Union[OrderId, None]
    price: str
    quantity: str
    side: Side
    symbol: Symbol
    type: Literal["fill"]
    # What came in; negative is what went out, fees included.
    amount: str
    bot: BotId
    # What the account had in cash after it.
    cash: str
    # The deposit's or the fill's id.
    id: str
    seq: Seq
    # Market time.
    time: TimeUs

# One line of the ledger. Each one's `cash` is that of the one before it plus its `amount`.
LedgerEntry: TypeAlias = 'Union[LedgerEntryDeposit, LedgerEntryFill]'


class Level(TypedDict):
    """A price with the quantity that rests there."""

    price: str
    quantity: str


class LinkHealth(TypedDict):
    """The connection of a live feed, with counts since the start."""

    # Which try is under way, or waited for; 0 where there is a connection.
    attempt: int
    bad_messages: int
    # What came twice, and what could not be read.
    duplicates: int
    # Holes in trade ids or in a book; those of trades that were filled again.
    gaps: int
    healed: int
    # Age of the last message with data, ms of wall time.
    last_message_age_ms: Union[int, None]
    # Items whose exchange time lay before what had been given: they were given as of then.
    late: int
    messages: int
    # Over the last seconds.
    messages_per_s: float
    # Why the last connection ended, or the last request failed.
    problem: Union[str, None]
    reconnects: int
    # Books that were built from a snapshot.
    snapshots: int
    state: LinkState


class LinkHealthPatch(TypedDict):
    """What changed of `LinkHealth`: what is absent is as it was, null is null."""

    # Which try is under way, or waited for; 0 where there is a connection.
    attempt: NotRequired[int]
    bad_messages: NotRequired[int]
    # What came twice, and what could not be read.
    duplicates: NotRequired[int]
    # Holes in trade ids or in a book; those of trades that were filled again.
    gaps: NotRequired[int]
    healed: NotRequired[int]
    # Age of the last message with data, ms of wall time.
    last_message_age_ms: NotRequired[Union[int, None]]
    # Items whose exchange time lay before what had been given: they were given as of then.
    late: NotRequired[int]
    messages: NotRequired[int]
    # Over the last seconds.
    messages_per_s: NotRequired[float]
    # Why the last connection ended, or the last request failed.
    problem: NotRequired[Union[str, None]]
    reconnects: NotRequired[int]
    # Books that were built from a snapshot.
    snapshots: NotRequired[int]
    state: NotRequired[LinkState]

# What an order is to the others of its bracket or OCO pair.
LinkRole: TypeAlias = 'Literal["entry", "take_profit", "stop_loss", "oco_limit", "oco_stop"]'

# How a live feed is connected.
LinkState: TypeAlias = 'Literal["connecting", "connected", "backfilling", "reconnecting"]'

# Who set the price of a fill: `maker` rested, `taker` came to it.
Liquidity: TypeAlias = 'Literal["maker", "taker"]'


class LogEntry(TypedDict):
    """One entry: an event of the journal, by its place in the log."""

    # The event's RFC 8785 JSON: the very bytes that the leaf hash is of.
    canonical: str
    index: int
    leaf_hash: Hash


class MarketDeltaPush(TypedDict):
    """A delta of `market`."""

    data: TickerPatch
    epoch: Epoch
    first: int
    kind: Literal["delta"]
    last: int
    seq: Seq
    t_published: TimeUs
    t_received: TimeUs
    t_source: Union[TimeUs, None]
    topic: str
    type: Literal["push"]


class MarketSnapshotPush(TypedDict):
    """A snapshot of `market`."""

    data: Ticker
    epoch: Epoch
    first: int
    kind: Literal["snapshot"]
    last: int
    seq: Seq
    t_published: TimeUs
    t_received: TimeUs
    t_source: Union[TimeUs, None]
    topic: str
    type: Literal["push"]


class MarketState(TypedDict):
    """A market as the models see it. `None`: too few minutes yet."""

    hour_volatility: Union[float, None]
    regime: Union[Regime, None]
    # The rule's inputs: the move of the last hour in its own standard deviations, and its annualised
    # volatility.
    trend: Union[float, None]
    # Annualised, of the 1m returns of the last 24 hours.
    volatility: Union[float, None]


class MarketStatePatch(TypedDict):
    """What changed of `MarketState`: what is absent is as it was, null is null."""

    hour_volatility: NotRequired[Union[float, None]]
    regime: NotRequired[Union[Regime, None]]
    # The rule's inputs: the move of the last hour in its own standard deviations, and its annualised
    # volatility.
    trend: NotRequired[Union[float, None]]
    # Annualised, of the 1m returns of the last 24 hours.
    volatility: NotRequired[Union[float, None]]


class Me(TypedDict):
    name: Union[UserName, None]
    role: Union[Role, None]
    scopes: Union[Scopes, None]


class Metric(TypedDict):
    """A value with what it was made by and from."""

    # In JSON the formula id, `sharpe.v1`.
    formula: str
    # How many returns, pairs, round trips or samples went in.
    n: int
    # Finite, or undefined.
    value: Union[float, None]


class MetricPatch(TypedDict):
    """What changed of `Metric`: what is absent is as it was, null is null."""

    # In JSON the formula id, `sharpe.v1`.
    formula: NotRequired[str]
    # How many returns, pairs, round trips or samples went in.
    n: NotRequired[int]
    # Finite, or undefined.
    value: NotRequired[Union[float, None]]

# What kind of prices and fills the pages show. It is on every page.
Mode: TypeAlias = 'Literal["sim", "replay", "paper", "live"]'

# The model that took a decision.
ModelId: TypeAlias = 'str'


class ModelState(TypedDict):
    """How a model is."""

    # What it is, in one line.
    about: str
    # Why it was switched off, if it was.
    fault: Union[str, None]
    model: ModelId


class Models(TypedDict):
    """What `models:<bot>` carries."""

    bot: BotId
    markets: dict[str, MarketState]
    models: list[ModelState]
    # 1-day 95 % historical value at risk of the portfolio as a fraction of its equity (negative).
    risk: Union[float, None]
    scores: dict[str, Score]
    time: TimeUs
    # Decisions whose combination of model, symbol and horizon was one too many to be scored.
    unscored: int


class ModelsDeltaPush(TypedDict):
    """A delta of `models`."""

    data: ModelsPatch
    epoch: Epoch
    first: int
    kind: Literal["delta"]
    last: int
    seq: Seq
    t_published: TimeUs
    t_received: TimeUs
    t_source: Union[TimeUs, None]
    topic: str
    type: Literal["push"]


class ModelsPatch(TypedDict):
    """What changed of `Models`: what is absent is as it was, null is null."""

    bot: NotRequired[BotId]
    markets: NotRequired[dict[str, MarketStatePatch]]
    models: NotRequired[list[ModelState]]
    # 1-day 95 % historical value at risk of the portfolio as a fraction of its equity (negative).
    risk: NotRequired[Union[float, None]]
    scores: NotRequired[dict[str, ScorePatch]]
    time: NotRequired[TimeUs]
    # Decisions whose combination of model, symbol and horizon was one too many to be scored.
    unscored: NotRequired[int]


class ModelsSnapshotPush(TypedDict):
    """A snapshot of `models`."""

    data: Models
    epoch: Epoch
    first: int
    kind: Literal["snapshot"]
    last: int
    seq: Seq
    t_published: TimeUs
    t_received: TimeUs
    t_source: Union[TimeUs, None]
    topic: str
    type: Literal["push"]


class MonthReturn(TypedDict):
    """The return of a UTC month, compounded from the ends of its days."""

    # 1 to 12.
    month: int
    # Days that went in.
    n: int
    value: Union[float, None]
    year: int


class MovementDeposit(TypedDict):
    type: Literal["deposit"]


class MovementFill(TypedDict):
    fee: str
    order: Union[OrderId, None]
    price: str
    quantity: str
    side: Side
    symbol: Symbol
    type: Literal["fill"]

# What moved the cash.
Movement: TypeAlias = 'Union[MovementDeposit, MovementFill]'


class NewOco(TypedDict):
    """Two orders of which one cancels the other: a limit order and a stop."""

    # Of the pair; the legs may have their own.
    client_order_id: NotRequired[Union[str, None]]
    legs: list[NewOrder]


class NewOrder(TypedDict):
    """What a bot asks for. Two requests with the same `client_order_id` are one order."""

    # A trailing stop tracks from the moment the market reaches it.
    activation_price: NotRequired[Union[str, None]]
    client_order_id: NotRequired[Union[str, None]]
    decision: NotRequired[Union[DecisionId, None]]
    expires_at: NotRequired[Union[TimeUs, None]]
    price: NotRequired[Union[str, None]]
    quantity: str
    reduce_only: NotRequired[bool]
    side: Side
    stop_loss: NotRequired[Union[str, None]]
    stop_price: NotRequired[Union[str, None]]
    symbol: Symbol
    # With one of these or both it is a bracket: legs that go to work when it is filled.
    take_profit: NotRequired[Union[str, None]]
    time_in_force: NotRequired[Union[TimeInForce, None]]
    # Distance of a trailing stop in the quote currency, or in percent of the best price.
    trail_amount: NotRequired[Union[str, None]]
    trail_percent: NotRequired[Union[str, None]]
    type: OrderType


class NewPassword(TypedDict):
    current: str
    password: str


class NoteReport(TypedDict):
    """Words for the log of the bot."""

    id: str
    symbol: NotRequired[Union[Symbol, None]]
    text: str
    type: Literal["note"]


class OcoFrame(TypedDict):
    bot: NotRequired[Union[BotId, None]]
    id: int
    oco: NewOco
    type: Literal["oco"]


class OkFrame(TypedDict):
    """`ok`: the command was carried out. The optional parts belong to the command that they answer."""

    # The same was asked for before, by the same `client_order_id`.
    duplicate: NotRequired[bool]
    errors: NotRequired[list[TopicError]]
    id: int
    order: NotRequired[Union[OrderId, None]]
    # Where a command led to several orders or took several back.
    orders: NotRequired[list[OrderId]]
    seq: NotRequired[Union[Seq, None]]
    topics: NotRequired[list[Subscribed]]
    trading: NotRequired[Union[TradingState, None]]
    type: Literal["ok"]


class Order(TypedDict):
    """An order with all that is known of it. A push of `orders:<bot>` is its whole new state. Prices
    that move with the market are not in it: see `Working`."""

    activation_price: Union[str, None]
    # Quantity-weighted; undefined until something is filled.
    average_price: Union[str, None]
    bot: BotId
    client_order_id: Union[str, None]
    created_at: TimeUs
    decision: Union[DecisionId, None]
    expires_at: Union[TimeUs, None]
    filled_quantity: str
    id: OrderId
    link: Union[OrderLink, None]
    price: Union[str, None]
    quantity: str
    # Why it was rejected, cancelled or expired, or what changed it last.
    reason: Union[str, None]
    # Fills only as much as makes the position smaller.
    reduce_only: bool
    side: Side
    status: OrderStatus
    stop_price: Union[str, None]
    symbol: Symbol
    time_in_force: TimeInForce
    trail_amount: Union[str, None]
    trail_percent: Union[str, None]
    trigger: Union[Trigger, None]
    type: OrderType
    updated_at: TimeUs


class OrderChange(TypedDict):
    """A state of an order, and when it took it."""

    order: Order
    seq: Seq
    # Market time.
    time: TimeUs


class OrderCheck(TypedDict):
    """What an order would do, if it were sent now."""

    estimate: Union[Estimate, None]
    rejection: Union[Rejection, None]


class OrderFrame(TypedDict):
    bot: NotRequired[Union[BotId, None]]
    id: int
    order: NewOrder
    type: Literal["order"]


class OrderHistory(TypedDict):
    """All that is known of one order: its newest state, every state before it, and its fills."""

    fills: list[Fill]
    # Oldest first; the last one is `order`.
    history: list[OrderChange]
    order: Order

# An order: `ord-<seq>-<n>` here, or an outside bot's own.
OrderId: TypeAlias = 'str'


class OrderLink(TypedDict):
    """Membership in a bracket or an OCO pair."""

    # Id of the group: that of its first order.
    group: OrderId
    role: LinkRole


class OrderReport(TypedDict):
    """The state of an order that lives elsewhere. Each report is the whole new state."""

    average_price: NotRequired[Union[str, None]]
    decision: NotRequired[Union[DecisionId, None]]
    filled_quantity: NotRequired[str]
    id: OrderId
    order_type: OrderType
    price: NotRequired[Union[str, None]]
    quantity: str
    reason: NotRequired[Union[str, None]]
    side: Side
    status: OrderStatus
    symbol: Symbol
    type: Literal["order"]

# Where an order stands. It changes by `after` alone.
OrderStatus: TypeAlias = 'Literal["new", "accepted", "triggered", "partially_filled", "filled", "cancelled", "rejected", "expired"]'

# How an order finds its price.
OrderType: TypeAlias = 'Literal["market", "limit", "stop", "stop_limit", "trailing_stop"]'


class OrdersEventPush(TypedDict):
    """A event of `orders`."""

    data: Order
    epoch: Epoch
    first: int
    kind: Literal["event"]
    last: int
    seq: Seq
    t_published: TimeUs
    t_received: TimeUs
    t_source: Union[TimeUs, None]
    topic: str
    type: Literal["push"]

Outcome: TypeAlias = 'Literal["pending", "correct", "incorrect", "unresolvable"]'


class PauseFrame(TypedDict):
    bot: NotRequired[Union[BotId, None]]
    id: int
    type: Literal["pause"]


class Performance(TypedDict):
    # Share of resolved decisions that were right, and how many there were.
    accuracy: Union[float, None]
    bot: BotId
    fees_paid: str
    # Oldest first, the running one last; the newest 120.
    months: list[MonthReturn]
    resolved_decisions: int
    # Market time.
    time: TimeUs
    # Σ |fill value| / equity now, all time.
    turnover: Union[float, None]
    windows: dict[Literal["1h", "24h", "7d", "30d", "all"], WindowMetrics]


class PerformanceDeltaPush(TypedDict):
    """A delta of `performance`."""

    data: PerformancePatch
    epoch: Epoch
    first: int
    kind: Literal["delta"]
    last: int
    seq: Seq
    t_published: TimeUs
    t_received: TimeUs
    t_source: Union[TimeUs, None]
    topic: str
    type: Literal["push"]


class PerformancePatch(TypedDict):
    """What changed of `Performance`: what is absent is as it was, null is null."""

    # Share of resolved decisions that were right, and how many there were.
    accuracy: NotRequired[Union[float, None]]
    bot: NotRequired[BotId]
    fees_paid: NotRequired[str]
    # Oldest first, the running one last; the newest 120.
    months: NotRequired[list[MonthReturn]]
    resolved_decisions: NotRequired[int]
    # Market time.
    time: NotRequired[TimeUs]
    # Σ |fill value| / equity now, all time.
    turnover: NotRequired[Union[float, None]]
    windows: NotRequired[dict[Literal["1h", "24h", "7d", "30d", "all"], WindowMetricsPatch]]


class PerformanceSnapshotPush(TypedDict):
    """A snapshot of `performance`."""

    data: Performance
    epoch: Epoch
    first: int
    kind: Literal["snapshot"]
    last: int
    seq: Seq
    t_published: TimeUs
    t_received: TimeUs
    t_source: Union[TimeUs, None]
    topic: str
    type: Literal["push"]


class PingFrame(TypedDict):
    id: int
    t: NotRequired[Union[Echo, None]]
    type: Literal["ping"]


class PongFrame(TypedDict):
    id: int
    server_time: TimeUs
    t: Union[Echo, None]
    type: Literal["pong"]


class Portfolio(TypedDict):
    bot: BotId
    cash: str
    # The quote currency of every figure.
    currency: str
    # Since 00:00 UTC, deposits apart.
    day_pnl: str
    day_pnl_percent: Union[str, None]
    deposits: str
    # cash + Σ position value.
    equity: str
    fees: str
    fills: int
    invariant: Invariant
    # Σ |position value|.
    invested: str
    net_pnl: str
    # Of the deposits.
    net_pnl_percent: Union[str, None]
    open_orders: int
    open_positions: int
    # Gross; net is realised + unrealised − fees.
    realised_pnl: str
    # Market time.
    time: TimeUs
    trading: TradingState
    unrealised_pnl: str


class PortfolioDeltaPush(TypedDict):
    """A delta of `portfolio`."""

    data: PortfolioPatch
    epoch: Epoch
    first: int
    kind: Literal["delta"]
    last: int
    seq: Seq
    t_published: TimeUs
    t_received: TimeUs
    t_source: Union[TimeUs, None]
    topic: str
    type: Literal["push"]


class PortfolioPatch(TypedDict):
    """What changed of `Portfolio`: what is absent is as it was, null is null."""

    bot: NotRequired[BotId]
    cash: NotRequired[str]
    # The quote currency of every figure.
    currency: NotRequired[str]
    # Since 00:00 UTC, deposits apart.
    day_pnl: NotRequired[str]
    day_pnl_percent: NotRequired[Union[str, None]]
    deposits: NotRequired[str]
    # cash + Σ position value.
    equity: NotRequired[str]
    fees: NotRequired[str]
    fills: NotRequired[int]
    invariant: NotRequired[Invariant]
    # Σ |position value|.
    invested: NotRequired[str]
    net_pnl: NotRequired[str]
    # Of the deposits.
    net_pnl_percent: NotRequired[Union[str, None]]
    open_orders: NotRequired[int]
    open_positions: NotRequired[int]
    # Gross; net is realised + unrealised − fees.
    realised_pnl: NotRequired[str]
    # Market time.
    time: NotRequired[TimeUs]
    trading: NotRequired[TradingState]
    unrealised_pnl: NotRequired[str]


class PortfolioSnapshotPush(TypedDict):
    """A snapshot of `portfolio`."""

    data: Portfolio
    epoch: Epoch
    first: int
    kind: Literal["snapshot"]
    last: int
    seq: Seq
    t_published: TimeUs
    t_received: TimeUs
    t_source: Union[TimeUs, None]
    topic: str
    type: Literal["push"]


class Position(TypedDict):
    """One symbol's holding. Quantity and cost are stored and the average is derived, so that the
    identities of accounting hold exactly."""

    average_price: Union[str, None]
    bot: BotId
    # Paid for the open quantity, with its sign: a short's cost is negative.
    cost: str
    fees: str
    mark_price: Union[str, None]
    opened_at: Union[TimeUs, None]
    # Positive is long, negative is short, zero is flat.
    quantity: str
    realised_pnl: str
    symbol: Symbol
    # Gross, fees apart.
    unrealised_pnl: str
    updated_at: TimeUs
    # quantity × mark price; at cost where no price is known yet.
    value: str


class PositionPatch(TypedDict):
    """What changed of `Position`: what is absent is as it was, null is null."""

    average_price: NotRequired[Union[str, None]]
    bot: NotRequired[BotId]
    # Paid for the open quantity, with its sign: a short's cost is negative.
    cost: NotRequired[str]
    fees: NotRequired[str]
    mark_price: NotRequired[Union[str, None]]
    opened_at: NotRequired[Union[TimeUs, None]]
    # Positive is long, negative is short, zero is flat.
    quantity: NotRequired[str]
    realised_pnl: NotRequired[str]
    symbol: Symbol
    # Gross, fees apart.
    unrealised_pnl: NotRequired[str]
    updated_at: NotRequired[TimeUs]
    # quantity × mark price; at cost where no price is known yet.
    value: NotRequired[str]


class PositionReport(TypedDict):
    """What the bot holds, where its fills do not tell: an opening balance or a correction. It is
    booked as a deposit in kind at cost, so that no profit comes of it."""

    average_price: str
    # The bot's own id of this statement.
    id: str
    quantity: str
    symbol: Symbol
    type: Literal["position"]


class PositionsDeltaPush(TypedDict):
    """A delta of `positions`."""

    data: list[PositionPatch]
    epoch: Epoch
    first: int
    kind: Literal["delta"]
    last: int
    seq: Seq
    t_published: TimeUs
    t_received: TimeUs
    t_source: Union[TimeUs, None]
    topic: str
    type: Literal["push"]


class PositionsSnapshotPush(TypedDict):
    """A snapshot of `positions`."""

    data: list[Position]
    epoch: Epoch
    first: int
    kind: Literal["snapshot"]
    last: int
    seq: Seq
    t_published: TimeUs
    t_received: TimeUs
    t_source: Union[TimeUs, None]
    topic: str
    type: Literal["push"]


class Problem(TypedDict):
    """What went wrong (RFC 9457), as `error` writes it."""

    # Stable, for programs.
    code: str
    # For people.
    detail: str
    # What of the request is at fault, where it is one field.
    field: NotRequired[Union[str, None]]
    status: int
    # The status in words.
    title: NotRequired[Union[str, None]]
    # Absent: `about:blank`.
    type: NotRequired[Union[str, None]]


class ProcessHealth(TypedDict):
    # Of one core, percent.
    cpu_percent: Union[float, None]
    resident_bytes: Union[int, None]
    uptime_s: int
    version: str


class ProcessHealthPatch(TypedDict):
    """What changed of `ProcessHealth`: what is absent is as it was, null is null."""

    # Of one core, percent.
    cpu_percent: NotRequired[Union[float, None]]
    resident_bytes: NotRequired[Union[int, None]]
    uptime_s: NotRequired[int]
    version: NotRequired[str]

# The Ed25519 key that heads are held against.
PublicKey: TypeAlias = 'str'

PushKind: TypeAlias = 'Literal["snapshot", "delta", "event"]'


class Quality(TypedDict):
    """A fault of the data, as `quality` shows it."""

    # Faults of this kind so far, this one included.
    count: int
    extent: Extent
    kind: QualityKind
    line: Union[int, None]
    message: str
    # Where: a file with the number of the line, counted from 1, or a stream.
    source: str
    symbol: Union[Symbol, None]
    time: TimeUs


class QualityEventPush(TypedDict):
    """A event of `quality`."""

    data: Quality
    epoch: Epoch
    first: int
    kind: Literal["event"]
    last: int
    seq: Seq
    t_published: TimeUs
    t_received: TimeUs
    t_source: Union[TimeUs, None]
    topic: Literal["quality"]
    type: Literal["push"]

QualityKind: TypeAlias = 'Literal["rejected_row", "gap", "book_gap", "out_of_order", "source_ended", "backfill", "reconnect", "resync", "silence", "candle_mismatch", "bad_message"]'


class Readiness(TypedDict):
    """Whether everything that must work does, and what does not."""

    problems: list[str]
    ready: bool


class RefreshBody(TypedDict):
    refresh_token: str

# What kind of market it is. The rule: with σ the annualised volatility of the last 60 finished
# minutes and m the move over them in units of its own standard deviation,
# `volatile` where σ is more than twice that of the last 24 hours, else `trend_up` where m > 1,
# `trend_down` where m < −1, else `range`.
Regime: TypeAlias = 'Literal["trend_up", "trend_down", "range", "volatile"]'


class Rejection(TypedDict):
    """Why a command was refused: a stable code, the field at fault, words for people."""

    code: str
    field: Union[str, None]
    message: str

Report: TypeAlias = 'Union[DecisionReport, FillReport, OrderReport, PositionReport, DepositReport, NoteReport]'


class ReportResult(TypedDict):
    """What became of one item."""

    error: NotRequired[Union[Rejection, None]]
    id: Union[str, None]
    index: int
    status: ReportStatus


class ReportResults(TypedDict):
    duplicates: int
    recorded: int
    rejected: int
    results: list[ReportResult]

ReportStatus: TypeAlias = 'Literal["recorded", "duplicate", "rejected"]'


class ReportsEvents(TypedDict):
    events: list[Report]

Reports: TypeAlias = 'Union[list[Report], ReportsEvents]'


class ResumeFrame(TypedDict):
    bot: NotRequired[Union[BotId, None]]
    id: int
    type: Literal["resume"]


class ResumeFrom(TypedDict):
    """A place to go on from, as `hello` gives it. A name that is no topic (any more) is refused by itself."""

    epoch: Epoch
    offset: int
    topic: str


# All that was missed follows: offsets `from + 1` to `to`.
ResumedFrame = TypedDict(
    "ResumedFrame",
    {
        "from": 'int',
        "to": 'int',
        "topic": 'str',
        "type": 'Literal["resumed"]',
    },
)


class ResyncFrame(TypedDict):
    """What was missed cannot be given; the client forgets the topic, and a fresh start follows."""

    epoch: Epoch
    # As in `ok`: the offset before what follows.
    offset: int
    reason: ResyncReason
    topic: str
    type: Literal["resync"]

ResyncReason: TypeAlias = 'Literal["epoch_changed", "trimmed", "window_exceeded", "forbidden"]'

# What a user may do. Each may do all that the ones before it may.
Role: TypeAlias = 'Literal["viewer", "operator", "admin"]'

# What a token may be used for.
Scope: TypeAlias = 'Literal["read", "trade", "ingest"]'

# A set of scopes: in JSON a list, in text `read,trade`.
Scopes: TypeAlias = 'list[Scope]'


class Score(TypedDict):
    """The score of one model on one symbol over one horizon, or of all of a model's decisions (`symbol`
    and `horizon` are `None`). Figures without a resolved decision are `None`."""

    # `BINS` of them.
    bins: list[ConfidenceBin]
    # mean (p − o)² = reliability − resolution + uncertainty + within (Murphy 1973; `within` is what
    # grouping by bin leaves over, zero where all p of a bin are the same).
    brier: Union[float, None]
    # Expected calibration error over the bins: Σ n_k/n · |hit rate_k − mean confidence_k|.
    ece: Union[float, None]
    high: Union[float, None]
    # Calibration over time; only of totals.
    history: list[CalibrationPoint]
    hit_rate: Union[float, None]
    hits: int
    horizon: Union[Horizon, None]
    # mean −ln of the probability that was given to what happened; p is kept within [ε, 1 − ε] for
    # ε = 2⁻⁵² (as scikit-learn does for 64-bit floats).
    log_loss: Union[float, None]
    # Wilson score interval of the hit rate, 95 %.
    low: Union[float, None]
    # Mean return in the decisions' own direction.
    mean_return: Union[float, None]
    model: ModelId
    # Of how many resolved decisions everything below is.
    n: int
    # Not yet resolved; never to be resolved, because the feed has no price for the moment.
    pending: int
    reliability: Union[float, None]
    resolution: Union[float, None]
    symbol: Union[Symbol, None]
    uncertainty: Union[float, None]
    unresolvable: int
    within: Union[float, None]


class ScorePatch(TypedDict):
    """What changed of `Score`: what is absent is as it was, null is null."""

    # `BINS` of them.
    bins: NotRequired[list[ConfidenceBin]]
    # mean (p − o)² = reliability − resolution + uncertainty + within (Murphy 1973; `within` is what
    # grouping by bin leaves over, zero where all p of a bin are the same).
    brier: NotRequired[Union[float, None]]
    # Expected calibration error over the bins: Σ n_k/n · |hit rate_k − mean confidence_k|.
    ece: NotRequired[Union[float, None]]
    high: NotRequired[Union[float, None]]
    # Calibration over time; only of totals.
    history: NotRequired[list[CalibrationPoint]]
    hit_rate: NotRequired[Union[float, None]]
    hits: NotRequired[int]
    horizon: NotRequired[Union[Horizon, None]]
    # mean −ln of the probability that was given to what happened; p is kept within [ε, 1 − ε] for
    # ε = 2⁻⁵² (as scikit-learn does for 64-bit floats).
    log_loss: NotRequired[Union[float, None]]
    # Wilson score interval of the hit rate, 95 %.
    low: NotRequired[Union[float, None]]
    # Mean return in the decisions' own direction.
    mean_return: NotRequired[Union[float, None]]
    model: NotRequired[ModelId]
    # Of how many resolved decisions everything below is.
    n: NotRequired[int]
    # Not yet resolved; never to be resolved, because the feed has no price for the moment.
    pending: NotRequired[int]
    reliability: NotRequired[Union[float, None]]
    resolution: NotRequired[Union[float, None]]
    symbol: NotRequired[Union[Symbol, None]]
    uncertainty: NotRequired[Union[float, None]]
    unresolvable: NotRequired[int]
    within: NotRequired[Union[float, None]]

# The number of an input of the engine: contiguous from 1, the clock of everything that follows.
Seq: TypeAlias = 'int'

ServerFrame: TypeAlias = 'Union[WelcomeFrame, OkFrame, ErrorFrame, PongFrame, ResumedFrame, ResyncFrame, LagFrame, HeartbeatFrame, ClosingFrame, MarketSnapshotPush, MarketDeltaPush, CandlesSnapshotPush, CandlesDeltaPush, TradesEventPush, OrdersEventPush, PositionsSnapshotPush, PositionsDeltaPush, WorkingSnapshotPush, WorkingDeltaPush, PortfolioSnapshotPush, PortfolioDeltaPush, DecisionsEventPush, AgentEventPush, PerformanceSnapshotPush, PerformanceDeltaPush, ModelsSnapshotPush, ModelsDeltaPush, EquitySnapshotPush, EquityDeltaPush, HealthSnapshotPush, HealthDeltaPush, AlertsEventPush, QualityEventPush]'

# A session of somebody who signed in. It is no secret.
SessionId: TypeAlias = 'str'


class SessionInfo(TypedDict):
    """A session that goes on."""

    # IP address and user agent of where it was last refreshed.
    address: str
    agent: str
    expires: TimeUs
    id: SessionId
    # To the minute.
    last_seen: TimeUs
    made_at: TimeUs
    # What it allows now.
    role: Role
    token: Union[TokenId, None]
    user: UserName


class SessionTokens(TypedDict):
    access_token: str
    refresh_token: str
    token_type: str

Severity: TypeAlias = 'Literal["info", "warning", "critical"]'

Side: TypeAlias = 'Literal["buy", "sell"]'

# An Ed25519 signature.
Signature: TypeAlias = 'str'


class SignedHead(TypedDict):
    """How large the log was and which root it had at a time, signed."""

    key: PublicKey
    root: Hash
    signature: Signature
    size: int
    # Wall time, never before the head before it.
    time: TimeUs


class SignedIn(TypedDict):
    """What a program is given that signed in. A page's script gets its tokens as cookies, which it cannot
    read."""

    # When the access token ends.
    expires: TimeUs
    name: UserName
    role: Role
    tokens: NotRequired[Union[SessionTokens, None]]


class Since(TypedDict):
    """A place without the topic, as `since` gives it."""

    epoch: Epoch
    offset: int

# Whether a user may come in.
Standing: TypeAlias = 'Literal["active", "disabled"]'


class SubscribeFrame(TypedDict):
    id: int
    topics: list[SubscribeTopic]
    type: Literal["subscribe"]


class SubscribeTopic(TypedDict):
    """One wish of a `subscribe`. The topic is text here, because one unknown name must not spoil the
    others; `market:*` is every symbol."""

    # Log topics: how many past publications to send first.
    history: NotRequired[Union[int, None]]
    lag: NotRequired[Union[LagRule, None]]
    # Conflated topics: at most so often, rounded down to a tier.
    max_rate_hz: NotRequired[Union[float, None]]
    since: NotRequired[Union[Since, None]]
    topic: str


class Subscribed(TypedDict):
    """How a subscription began."""

    epoch: Epoch
    # The client holds everything up to here; what comes next continues it.
    offset: int
    topic: str

# An instrument, as the exchange writes it: `BTCUSDT`.
Symbol: TypeAlias = 'str'


class Ticker(TypedDict):
    """The state of one symbol's market, as `market:<symbol>` shows it. The 24-hour figures are the
    exchange's where the feed gives them; else they roll over the feed's own last 24 hours and are
    undefined until it has run so long."""

    asks: list[Level]
    # Best levels, best first; empty where the feed has no book.
    bids: list[Level]
    change_24h: Union[str, None]
    change_percent_24h: Union[str, None]
    high_24h: Union[str, None]
    low_24h: Union[str, None]
    price: str
    # Prints seen since the start of the data.
    prints: int
    quantity: str
    symbol: Symbol
    taker: Side
    # Market time of the last print.
    time: TimeUs
    volume_24h: Union[str, None]


class TickerPatch(TypedDict):
    """What changed of `Ticker`: what is absent is as it was, null is null."""

    asks: NotRequired[list[Level]]
    # Best levels, best first; empty where the feed has no book.
    bids: NotRequired[list[Level]]
    change_24h: NotRequired[Union[str, None]]
    change_percent_24h: NotRequired[Union[str, None]]
    high_24h: NotRequired[Union[str, None]]
    low_24h: NotRequired[Union[str, None]]
    price: NotRequired[str]
    # Prints seen since the start of the data.
    prints: NotRequired[int]
    quantity: NotRequired[str]
    symbol: NotRequired[Symbol]
    taker: NotRequired[Side]
    # Market time of the last print.
    time: NotRequired[TimeUs]
    volume_24h: NotRequired[Union[str, None]]

# How long an order lives.
TimeInForce: TypeAlias = 'Literal["gtc", "ioc", "fok", "gtd"]'

# An instant: µs since 1970-01-01T00:00:00Z. In JSON a number (exact below 2^53, the year 2255).
TimeUs: TypeAlias = 'int'

# An API token. It is no secret: the token's text begins with it.
TokenId: TypeAlias = 'str'


class TokenInfo(TypedDict):
    expires: Union[TimeUs, None]
    id: TokenId
    made_at: TimeUs
    # What its maker wrote about it; may be empty.
    note: str
    revoked_at: Union[TimeUs, None]
    scopes: Scopes
    user: UserName


class TopicError(TypedDict):
    """A topic that could not be subscribed to."""

    code: str
    message: str
    topic: str


class TopicPosition(TypedDict):
    """A place in a topic: the offset that was seen last."""

    epoch: Epoch
    offset: int
    topic: str


class TradesEventPush(TypedDict):
    """A event of `trades`."""

    data: Fill
    epoch: Epoch
    first: int
    kind: Literal["event"]
    last: int
    seq: Seq
    t_published: TimeUs
    t_received: TimeUs
    t_source: Union[TimeUs, None]
    topic: str
    type: Literal["push"]


class TradingChanged(TypedDict):
    """What a pause, a kill or a resumption did."""

    # Orders that were taken back.
    cancelled: list[Order]
    # Orders that close what was held.
    closing: list[Order]
    state: TradingState

# Whether a bot's trading goes on.
TradingState: TypeAlias = 'Literal["running", "paused", "halted"]'


class Trigger(TypedDict):
    """The moment a conditional order went to work, and the market data that did it."""

    # The price that the market reached.
    price: str
    # The stop price as it was then: for trailing stops the last of many.
    stop_price: str
    time: TimeUs
    # The print, where it was one.
    trade: Union[int, None]


class UnsubscribeFrame(TypedDict):
    id: int
    topics: list[str]
    type: Literal["unsubscribe"]


class UserChange(TypedDict):
    password: NotRequired[Union[str, None]]
    role: NotRequired[Union[Role, None]]
    standing: NotRequired[Union[Standing, None]]


class UserInfo(TypedDict):
    # Wall time.
    made_at: TimeUs
    name: UserName
    role: Role
    standing: Standing

# A user's name, in lower case whatever it was written in.
UserName: TypeAlias = 'str'


class Verdict(TypedDict):
    """The price that a decision was judged by."""

    price: str
    source: VerdictSource
    # When that price was the market's; at most a minute before `resolves_at`.
    time: TimeUs

VerdictSource: TypeAlias = 'Literal["print", "candle"]'

# By what means somebody did something.
Via: TypeAlias = 'Literal["session", "token", "cli", "none"]'


class WaitingInFlight(TypedDict):
    code: Literal["in_flight"]
    until: TimeUs


class WaitingEntry(TypedDict):
    code: Literal["entry"]
    order: OrderId
    status: OrderStatus


class WaitingActivation(TypedDict):
    activation_price: str
    code: Literal["activation"]


class WaitingTrigger(TypedDict):
    code: Literal["trigger"]
    # Trailing: the best price since tracking began.
    peak: Union[str, None]
    stop_price: str


class WaitingTradedThrough(TypedDict):
    code: Literal["traded_through"]
    price: str


class WaitingQueue(TypedDict):
    ahead: str
    code: Literal["queue"]
    price: str


class WaitingEvidence(TypedDict):
    code: Literal["evidence"]


class WaitingLiquidity(TypedDict):
    code: Literal["liquidity"]
    remaining: str

# What an order that is not finished waits for.
Waiting: TypeAlias = 'Union[WaitingInFlight, WaitingEntry, WaitingActivation, WaitingTrigger, WaitingTradedThrough, WaitingQueue, WaitingEvidence, WaitingLiquidity]'


class WelcomeFrame(TypedDict):
    api_version: str
    features: list[str]
    limits: ClientLimits
    ping_ms: int
    # What the binary encoding looks like: `schema_hash` of the server. It stays the
    # first field of the first frame, so that those can read it who can read nothing else.
    schema: NotRequired[str]
    server_time: TimeUs
    session: str
    type: Literal["welcome"]


class WindowMetrics(TypedDict):
    """The figures of one window. Fractions, not percent: 0.05 is 5 %."""

    basis: Basis
    fees_paid: str
    # Every metric there is.
    metrics: dict[Literal["total_return", "cagr", "volatility", "sharpe", "sortino", "max_drawdown", "max_drawdown_duration_s", "current_drawdown", "calmar", "omega", "gain_to_pain", "ulcer", "var_hist", "var_param", "cvar_hist", "cvar_param", "tail_ratio", "skew", "kurtosis", "psr", "stability", "period_win_rate", "period_payoff", "period_kelly", "benchmark_return", "beta", "alpha", "information_ratio", "exposure", "turnover", "trades", "win_rate", "profit_factor", "payoff", "expectancy", "expectancy_ratio", "kelly", "sqn", "p_value", "average_holding_s", "average_mae", "average_mfe", "longest_winning_streak", "longest_losing_streak"], Metric]
    # Returns that went in.
    n: int
    periods_per_year: int
    pnl_distribution: Distribution


class WindowMetricsPatch(TypedDict):
    """What changed of `WindowMetrics`: what is absent is as it was, null is null."""

    basis: NotRequired[Basis]
    fees_paid: NotRequired[str]
    # Every metric there is.
    metrics: NotRequired[dict[Literal["total_return", "cagr", "volatility", "sharpe", "sortino", "max_drawdown", "max_drawdown_duration_s", "current_drawdown", "calmar", "omega", "gain_to_pain", "ulcer", "var_hist", "var_param", "cvar_hist", "cvar_param", "tail_ratio", "skew", "kurtosis", "psr", "stability", "period_win_rate", "period_payoff", "period_kelly", "benchmark_return", "beta", "alpha", "information_ratio", "exposure", "turnover", "trades", "win_rate", "profit_factor", "payoff", "expectancy", "expectancy_ratio", "kelly", "sqn", "p_value", "average_holding_s", "average_mae", "average_mfe", "longest_winning_streak", "longest_losing_streak"], MetricPatch]]
    # Returns that went in.
    n: NotRequired[int]
    periods_per_year: NotRequired[int]
    pnl_distribution: NotRequired[DistributionPatch]


class Working(TypedDict):
    """The moving trigger of a resting order, as `working:<bot>` shows it: rows by `order`."""

    # From the last price to the trigger, in percent of the last price.
    distance_percent: Union[str, None]
    # The last word on this order: the row is gone after it.
    done: bool
    last_price: Union[str, None]
    order: OrderId
    # The best price since tracking began; undefined until it has begun.
    peak: Union[str, None]
    side: Side
    symbol: Symbol
    time: TimeUs
    trigger_price: Union[str, None]


class WorkingDeltaPush(TypedDict):
    """A delta of `working`."""

    data: list[WorkingPatch]
    epoch: Epoch
    first: int
    kind: Literal["delta"]
    last: int
    seq: Seq
    t_published: TimeUs
    t_received: TimeUs
    t_source: Union[TimeUs, None]
    topic: str
    type: Literal["push"]


class WorkingPatch(TypedDict):
    """What changed of `Working`: what is absent is as it was, null is null."""

    # From the last price to the trigger, in percent of the last price.
    distance_percent: NotRequired[Union[str, None]]
    # The last word on this order: the row is gone after it.
    done: NotRequired[bool]
    last_price: NotRequired[Union[str, None]]
    order: OrderId
    # The best price since tracking began; undefined until it has begun.
    peak: NotRequired[Union[str, None]]
    side: NotRequired[Side]
    symbol: NotRequired[Symbol]
    time: NotRequired[TimeUs]
    trigger_price: NotRequired[Union[str, None]]


class WorkingSnapshotPush(TypedDict):
    """A snapshot of `working`."""

    data: list[Working]
    epoch: Epoch
    first: int
    kind: Literal["snapshot"]
    last: int
    seq: Seq
    t_published: TimeUs
    t_received: TimeUs
    t_source: Union[TimeUs, None]
    topic: str
    type: Literal["push"]
