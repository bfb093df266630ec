-- Wall time that went into an event, µs, where it was measured: beside the event, for it is no part of it.
ALTER TABLE events ADD COLUMN took_us REAL;
