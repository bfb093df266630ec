-- One row for each decision, to filter by its traits and to page through from the newest to the oldest.
-- The decision itself stays in the events: as it was made, and as it was resolved.
CREATE TABLE decisions (
    bot          TEXT    NOT NULL,
    made_seq     INTEGER NOT NULL,
    made_idx     INTEGER NOT NULL,
    id           TEXT    NOT NULL,
    model        TEXT    NOT NULL,
    symbol       TEXT    NOT NULL,
    horizon      TEXT    NOT NULL,
    confidence   REAL    NOT NULL,
    outcome      TEXT    NOT NULL,
    -- Where it was resolved; NULL while it is pending.
    resolved_seq INTEGER,
    resolved_idx INTEGER,
    PRIMARY KEY (bot, made_seq, made_idx)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX decisions_by_id ON decisions (bot, id);
-- Which models and symbols there are. A filter goes along the primary key: rows are short, and a page of it
-- out of a hundred thousand takes some 20 ms where next to nothing fits, a fraction of one where much does.
CREATE INDEX decisions_by_model ON decisions (bot, model);
CREATE INDEX decisions_by_symbol ON decisions (bot, symbol);

-- What was journalled before this table was there.
INSERT INTO decisions (bot, made_seq, made_idx, id, model, symbol, horizon, confidence, outcome)
SELECT json_extract(body, '$.event.decision.bot'), seq, idx, json_extract(body, '$.event.decision.id'),
       json_extract(body, '$.event.decision.model'), json_extract(body, '$.event.decision.symbol'),
       json_extract(body, '$.event.decision.horizon'), json_extract(body, '$.event.decision.confidence'),
       json_extract(body, '$.event.decision.outcome')
FROM (SELECT seq, idx, CAST(body AS TEXT) AS body FROM events WHERE kind = 'decision')
WHERE json_extract(body, '$.event.decision.outcome') = 'pending'
ORDER BY seq, idx
ON CONFLICT (bot, id) DO NOTHING;

UPDATE decisions
SET outcome = judged.outcome, resolved_seq = judged.seq, resolved_idx = judged.idx
FROM (
    SELECT json_extract(body, '$.event.decision.bot') AS bot, json_extract(body, '$.event.decision.id') AS id,
           json_extract(body, '$.event.decision.outcome') AS outcome, seq, idx
    FROM (SELECT seq, idx, CAST(body AS TEXT) AS body FROM events WHERE kind = 'decision')
    WHERE json_extract(body, '$.event.decision.outcome') <> 'pending'
) AS judged
WHERE judged.bot = decisions.bot AND judged.id = decisions.id;

-- What a decision led to.
CREATE INDEX orders_by_decision ON events (json_extract(CAST(body AS TEXT), '$.event.order.decision'), seq, idx)
    WHERE kind = 'order';
CREATE INDEX fills_by_decision ON events (json_extract(CAST(body AS TEXT), '$.event.fill.decision'), seq, idx)
    WHERE kind = 'fill';

-- A stretch of a market's candles, by when they opened.
CREATE INDEX candles_by_time ON events (key, json_extract(CAST(body AS TEXT), '$.event.candle.open_time'))
    WHERE kind = 'candle';
