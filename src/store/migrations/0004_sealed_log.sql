-- The sealed log: which event is which entry. `idx` counts from 0 without a hole, in the order of the events.
CREATE TABLE log_entries (
    idx   INTEGER NOT NULL PRIMARY KEY,
    seq   INTEGER NOT NULL,
    event INTEGER NOT NULL,
    UNIQUE (seq, event)
) STRICT;

-- The hashes of all leaves (level 0) and of all complete subtrees of 2^level leaves.
CREATE TABLE log_nodes (
    level INTEGER NOT NULL,
    idx   INTEGER NOT NULL,
    hash  BLOB    NOT NULL,
    PRIMARY KEY (level, idx)
) STRICT, WITHOUT ROWID;

CREATE INDEX log_leaves_by_hash ON log_nodes (hash) WHERE level = 0;

-- Signed tree heads. `time` is wall time, µs.
CREATE TABLE tree_heads (
    size      INTEGER NOT NULL PRIMARY KEY,
    root      BLOB    NOT NULL,
    time      INTEGER NOT NULL,
    key       BLOB    NOT NULL,
    signature BLOB    NOT NULL
) STRICT;

-- What is an entry, to be counted and read in order.
CREATE INDEX events_sealed ON events (seq, idx) WHERE kind IN ('decision', 'order', 'fill');
CREATE INDEX sealed_decisions_by_id ON events (json_extract(CAST(body AS TEXT), '$.event.decision.id'), seq, idx)
    WHERE kind = 'decision';
CREATE INDEX sealed_fills_by_id ON events (json_extract(CAST(body AS TEXT), '$.event.fill.id'), seq, idx)
    WHERE kind = 'fill';
