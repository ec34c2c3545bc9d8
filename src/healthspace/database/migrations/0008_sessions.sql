-- Sessions that people opened, for them to see; h is a keyed hash of who holds it. Swept when they have expired.
CREATE TABLE session (
    h       bigint      NOT NULL,
    id      uuid        NOT NULL,
    started timestamptz NOT NULL,
    expires timestamptz NOT NULL,
    detail  bytea       NOT NULL,
    PRIMARY KEY (h, id)
);
CREATE INDEX session_expires ON session (expires);

-- Sessions that their holder ended before their time: this one, or (`others`) every other one of theirs that began before.
CREATE TABLE session_end (
    h       bigint      NOT NULL,
    id      uuid        NOT NULL,
    at      timestamptz NOT NULL,
    expires timestamptz NOT NULL,
    others  boolean     NOT NULL,
    PRIMARY KEY (h, id, at)
);
CREATE INDEX session_end_at ON session_end (at);
CREATE INDEX session_end_expires ON session_end (expires);
