-- What was lawfully removed from the trail when its months were over: a stretch of one chain, the MAC of its last line (which the next
-- line's MAC depends on), and the proof that only the holder of the key can give.
CREATE TABLE audit_cut (
    writer uuid        NOT NULL,
    first  bigint      NOT NULL,
    last   bigint      NOT NULL,
    mac    bytea       NOT NULL,
    proof  bytea       NOT NULL,
    cut    timestamptz NOT NULL,
    PRIMARY KEY (writer, first)
);
