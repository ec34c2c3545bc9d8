-- Which version of the reading the facts of a document come from: those of an older one are read again (`healthspace extract`).
ALTER TABLE blob ADD COLUMN reader integer NOT NULL DEFAULT 0;
