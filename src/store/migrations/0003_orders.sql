-- What was said of one order: its states by our id or the client's, and its fills.
CREATE INDEX orders_by_id ON events (json_extract(CAST(body AS TEXT), '$.event.order.id'), seq, idx)
    WHERE kind = 'order';
CREATE INDEX orders_by_client_id ON events (json_extract(CAST(body AS TEXT), '$.event.order.client_order_id'))
    WHERE kind = 'order';
CREATE INDEX fills_by_order ON events (json_extract(CAST(body AS TEXT), '$.event.fill.order'), seq, idx)
    WHERE kind = 'fill';

-- The cash ledger of a bot: whatever moved its cash, in order.
CREATE INDEX cash_by_bot ON events (
    coalesce(json_extract(CAST(body AS TEXT), '$.event.fill.bot'),
             json_extract(CAST(body AS TEXT), '$.event.deposit.bot')),
    seq, idx
) WHERE kind IN ('fill', 'deposit');
