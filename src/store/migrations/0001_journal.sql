-- What the data directory is: which feed, seed and symbols, and how far the journal reaches.
CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Log topics. The epoch names the numbering; it lives as long as this row.
CREATE TABLE topics (
    id    INTEGER NOT NULL PRIMARY KEY,
    name  TEXT    NOT NULL UNIQUE,
    epoch INTEGER NOT NULL
) STRICT;

-- Every event, as its canonical JSON. Times are µs; `received` is wall time.
CREATE TABLE events (
    seq      INTEGER NOT NULL,
    idx      INTEGER NOT NULL,
    kind     TEXT    NOT NULL,
    -- What a history is refilled by: a symbol, a symbol with an interval, a bot.
    key      TEXT,
    topic    INTEGER REFERENCES topics (id),
    "offset" INTEGER,
    received INTEGER NOT NULL,
    body     BLOB    NOT NULL,
    PRIMARY KEY (seq, idx)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX events_by_offset ON events (topic, "offset") WHERE topic IS NOT NULL;
CREATE INDEX events_by_key ON events (kind, key, seq, idx) WHERE key IS NOT NULL;

-- Inputs that no feed can give again: bots' commands.
CREATE TABLE commands (
    seq      INTEGER NOT NULL PRIMARY KEY,
    received INTEGER NOT NULL,
    body     BLOB    NOT NULL
) STRICT;

-- The ids that bots used, so that a report is booked once however late it is repeated.
CREATE TABLE reports (
    bot  TEXT NOT NULL,
    kind TEXT NOT NULL,
    id   TEXT NOT NULL,
    PRIMARY KEY (bot, kind, id)
) STRICT, WITHOUT ROWID;

-- The engine's state after the input `seq`, with the feed's cursor.
CREATE TABLE snapshots (
    seq     INTEGER NOT NULL PRIMARY KEY,
    created INTEGER NOT NULL,
    body    BLOB    NOT NULL
) STRICT;
