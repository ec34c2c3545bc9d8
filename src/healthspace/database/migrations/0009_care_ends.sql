-- The calendar also ends the help of a carer on its date: the row is then of the invitation (RelatedPerson).
ALTER TABLE waiting_document
    DROP CONSTRAINT waiting_document_step_check,
    ADD CONSTRAINT waiting_document_step_check CHECK (step IN ('notice', 'release', 'care-end'));
