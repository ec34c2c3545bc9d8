-- One row per citizen or directory entry. 0 is the registry: what belongs to nobody in particular.
CREATE TABLE owner (
    owner       bigint      NOT NULL PRIMARY KEY,
    kind        text        NOT NULL CHECK (kind IN ('registry', 'citizen', 'directory')),
    state       text        NOT NULL CHECK (state IN ('open', 'closed', 'erased')),
    wrapped_key bytea,
    created     timestamptz NOT NULL,
    changed     timestamptz NOT NULL
);

-- What tells whether the master key is the right one, and the facts of this installation (demo or not).
CREATE TABLE installation (
    name  text  NOT NULL PRIMARY KEY,
    value bytea NOT NULL
);

CREATE TABLE resource (
    owner   bigint      NOT NULL,
    type    smallint    NOT NULL,
    id      uuid        NOT NULL,
    version integer     NOT NULL,
    updated timestamptz NOT NULL,
    date    timestamptz NOT NULL,
    tokens  integer[]   NOT NULL,
    body    bytea       NOT NULL,
    PRIMARY KEY (owner, type, id)
);
ALTER TABLE resource ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE INDEX resource_by_date ON resource (owner, type, date DESC, id DESC);

CREATE TABLE resource_history (
    owner   bigint      NOT NULL,
    type    smallint    NOT NULL,
    id      uuid        NOT NULL,
    version integer     NOT NULL,
    updated timestamptz NOT NULL,
    body    bytea       NOT NULL,
    PRIMARY KEY (owner, type, id, version)
);
ALTER TABLE resource_history ALTER COLUMN body SET STORAGE EXTERNAL;

-- Selective tokens, references and URIs: h is a keyed hash of type, parameter, system and value.
CREATE TABLE ix_token (
    owner bigint      NOT NULL,
    h     bigint      NOT NULL,
    date  timestamptz NOT NULL,
    id    uuid        NOT NULL,
    PRIMARY KEY (owner, h, date, id)
);
CREATE INDEX ix_token_of ON ix_token (owner, id);

CREATE TABLE ix_range (
    owner bigint           NOT NULL,
    type  smallint         NOT NULL,
    param integer          NOT NULL,
    lo    double precision NOT NULL,
    hi    double precision NOT NULL,
    id    uuid             NOT NULL,
    PRIMARY KEY (owner, type, param, lo, hi, id)
);
CREATE INDEX ix_range_of ON ix_range (owner, id);

-- Strings, folded then coded character by character under a key, so that a prefix stays a prefix and a name cannot be read.
CREATE TABLE ix_string (
    owner  bigint   NOT NULL,
    type   smallint NOT NULL,
    param  integer  NOT NULL,
    folded bytea    NOT NULL,
    id     uuid     NOT NULL,
    PRIMARY KEY (owner, type, param, folded, id)
);
CREATE INDEX ix_string_of ON ix_string (owner, id);

-- The few look-ups that do not know the owner: identifiers.
CREATE TABLE xref (
    h     bigint NOT NULL,
    owner bigint NOT NULL,
    id    uuid   NOT NULL,
    PRIMARY KEY (h, owner, id)
);
CREATE INDEX xref_of ON xref (owner, id);

-- Identifiers that may name one thing only (an INS): who writes the row first has it.
CREATE TABLE claim (
    h     bigint NOT NULL PRIMARY KEY,
    owner bigint NOT NULL
);

CREATE TABLE blob (
    owner   bigint      NOT NULL,
    id      uuid        NOT NULL,
    size    bigint      NOT NULL,
    created timestamptz NOT NULL,
    PRIMARY KEY (owner, id)
);

-- What a decision needs, derived from Consent, CareTeam and RelatedPerson in the transaction that writes them.
CREATE TABLE access_fact (
    owner   bigint NOT NULL,
    kind    text   NOT NULL,
    subject bigint NOT NULL,
    source  uuid   NOT NULL,
    until   timestamptz,
    PRIMARY KEY (owner, kind, subject, source)
);

-- The trail: append-only, partitioned by month, chained per writer.
CREATE TABLE audit (
    owner   bigint      NOT NULL,
    at      timestamptz NOT NULL,
    id      uuid        NOT NULL,
    writer  uuid        NOT NULL,
    seq     bigint      NOT NULL,
    action  text        NOT NULL,
    outcome text        NOT NULL,
    reason  text        NOT NULL,
    caller  bigint      NOT NULL,
    detail  bytea       NOT NULL,
    mac     bytea       NOT NULL,
    PRIMARY KEY (owner, at, id)
) PARTITION BY RANGE (at);
CREATE TABLE audit_other PARTITION OF audit DEFAULT;
CREATE INDEX audit_by_writer ON audit (writer, seq);

-- The last line of each writer, so that a chain cut at its end is found too. The writers themselves are numbered without
-- gaps, each birth proven from the one before, so that a whole chain cannot vanish from the middle.
CREATE TABLE audit_head (
    number bigint      NOT NULL PRIMARY KEY,
    writer uuid        NOT NULL,
    birth  bytea       NOT NULL,
    seq    bigint      NOT NULL,
    mac    bytea       NOT NULL,
    proof  bytea       NOT NULL
);

CREATE TABLE outbox (
    owner   bigint      NOT NULL,
    id      uuid        NOT NULL,
    kind    text        NOT NULL,
    created timestamptz NOT NULL,
    body    bytea       NOT NULL,
    PRIMARY KEY (owner, id)
);
