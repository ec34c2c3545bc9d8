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

-- An id that a client chose leads to the resource that has it.
ALTER TABLE claim ADD COLUMN id uuid;

-- How far each type has been indexed anew since its search parameters changed.
CREATE TABLE reindexing (
    type        smallint    NOT NULL PRIMARY KEY,
    fingerprint integer     NOT NULL,
    owner       bigint      NOT NULL,
    id          uuid        NOT NULL,
    done        bigint      NOT NULL,
    total       bigint      NOT NULL,
    finished    timestamptz
);
