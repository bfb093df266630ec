-- What a live feed gave: it cannot be asked for it again. One row for each commit, `body` holds the
-- inputs from `first_seq` to `last_seq`, packed; gone as soon as every snapshot covers them.
CREATE TABLE inputs (
    last_seq  INTEGER NOT NULL PRIMARY KEY,
    first_seq INTEGER NOT NULL,
    body      BLOB    NOT NULL
) STRICT;
