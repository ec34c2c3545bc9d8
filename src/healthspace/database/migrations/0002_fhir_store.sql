-- The whole of FHIR R4. Index values have a new form: rows written before carry `indexed` 0 and are indexed anew while serving.
ALTER TABLE resource
    ADD COLUMN indexed integer NOT NULL DEFAULT 0,
    ALTER COLUMN tokens TYPE bigint[] USING '{}';
TRUNCATE ix_token, ix_range, ix_string;

-- Index rows are removed by their whole key, which the version they were made from tells: no second index finds them by id.
DROP INDEX ix_token_of;
DROP INDEX ix_range_of;
DROP INDEX ix_string_of;
DROP INDEX xref_of;

-- What changed lately, whoever it belongs to: history and _lastUpdated of the whole system. Rows come in the order of time.
CREATE INDEX resource_by_update ON resource USING brin (updated);
CREATE INDEX resource_history_by_update ON resource_history USING brin (updated);

-- Citizens are looked for without knowing whose record it is; 103 is the type Patient. Selective tokens of citizens are in xref.
CREATE INDEX resource_patient ON resource (id DESC) WHERE type = 103;
CREATE INDEX ix_range_patient ON ix_range (param, lo, hi) WHERE type = 103;
CREATE INDEX ix_string_patient ON ix_string (param, folded) WHERE type = 103;

-- Identifiers (their hashes are odd) lead to resources whose owner is not known.
CREATE INDEX ix_token_identifier ON ix_token (h) WHERE h & 1 = 1;

-- An id that a client chose leads to the resource that has it.
ALTER TABLE claim ADD COLUMN id uuid;

-- How far the walk is that indexes anew what other definitions than today's have indexed.
CREATE TABLE reindexing (
    fingerprint integer     NOT NULL PRIMARY KEY,
    owner       bigint      NOT NULL,
    type        smallint    NOT NULL,
    id          uuid        NOT NULL,
    done        bigint      NOT NULL,
    finished    timestamptz
);
