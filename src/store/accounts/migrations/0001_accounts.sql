-- Who may come in. Times are wall time in µs; whatever is secret is here as a hash only.
CREATE TABLE users (
    id       INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name     TEXT    NOT NULL UNIQUE,
    role     TEXT    NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    standing TEXT    NOT NULL CHECK (standing IN ('active', 'disabled')),
    -- Argon2id, as a PHC string.
    password TEXT    NOT NULL,
    made_at  INTEGER NOT NULL
) STRICT;

-- API tokens. `secret` is the SHA-256 of 256 random bits, which need no salt and no slow hash.
CREATE TABLE tokens (
    id         TEXT    NOT NULL PRIMARY KEY,
    user       INTEGER NOT NULL REFERENCES users (id),
    secret     BLOB    NOT NULL CHECK (length(secret) = 32),
    scopes     TEXT    NOT NULL,
    made_at    INTEGER NOT NULL,
    expires    INTEGER,
    revoked_at INTEGER,
    note       TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX tokens_by_user ON tokens (user);

CREATE TABLE sessions (
    id        TEXT    NOT NULL PRIMARY KEY,
    user      INTEGER NOT NULL REFERENCES users (id),
    -- The most that the session allows; absent: all that its user's role does.
    cap       TEXT    CHECK (cap IN ('viewer', 'operator', 'admin')),
    made_at   INTEGER NOT NULL,
    -- To the minute.
    last_seen INTEGER NOT NULL,
    address   TEXT    NOT NULL,
    agent     TEXT    NOT NULL,
    expires   INTEGER NOT NULL,
    ended_at  INTEGER,
    -- The token that it was exchanged for.
    token     TEXT    REFERENCES tokens (id)
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_user ON sessions (user, last_seen);
CREATE INDEX sessions_by_token ON sessions (token) WHERE token IS NOT NULL;

-- Refresh tokens, each of them good for one use. What was used is kept, to know it when it comes again.
CREATE TABLE refreshes (
    id        INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    secret    BLOB    NOT NULL UNIQUE CHECK (length(secret) = 32),
    session   TEXT    NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    issued    INTEGER NOT NULL,
    used_at   INTEGER,
    -- What it was first exchanged for.
    successor INTEGER
) STRICT;

CREATE INDEX refreshes_by_session ON refreshes (session, id);

-- What was done by whom. It only grows.
CREATE TABLE audit (
    id      INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    time    INTEGER NOT NULL,
    who     TEXT,
    via     TEXT    NOT NULL,
    address TEXT,
    action  TEXT    NOT NULL,
    subject TEXT,
    detail  TEXT
) STRICT;

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit is never changed');
END;

CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'nothing is deleted from the audit');
END;

CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'the audit is never changed');
END;
