-- The whole life of a record: announced before it opens, refused, suspended; `due` is when the next step of that life comes by itself.
ALTER TABLE owner
    DROP CONSTRAINT owner_state_check,
    ADD CONSTRAINT owner_state_check CHECK (state IN ('announced', 'refused', 'open', 'suspended', 'closed', 'erased')),
    ADD COLUMN due timestamptz;
CREATE INDEX owner_due ON owner (due) WHERE due IS NOT NULL;

-- From when a fact holds: an authorisation may be given for later.
ALTER TABLE access_fact ADD COLUMN since timestamptz;

-- Documents that their citizen does not see yet: when the next step comes (the notice after two weeks, the release after a month).
CREATE TABLE waiting_document (
    owner bigint      NOT NULL,
    id    uuid        NOT NULL,
    due   timestamptz NOT NULL,
    step  text        NOT NULL CHECK (step IN ('notice', 'release')),
    PRIMARY KEY (owner, id)
);
CREATE INDEX waiting_document_due ON waiting_document (due);
