-- Work to do after a commit is claimed by moving its `due` ahead: a worker that dies with it leaves it due again later.
ALTER TABLE outbox
    ADD COLUMN due      timestamptz NOT NULL DEFAULT '-infinity',
    ADD COLUMN attempts integer     NOT NULL DEFAULT 0,
    ADD COLUMN dead     boolean     NOT NULL DEFAULT false;
CREATE INDEX outbox_by_due ON outbox (due) WHERE NOT dead;
CREATE INDEX outbox_dead ON outbox (created) WHERE dead;

-- Each professional reads their own acts, whoever the record belongs to.
CREATE INDEX audit_by_caller ON audit (caller, at DESC, id DESC);
