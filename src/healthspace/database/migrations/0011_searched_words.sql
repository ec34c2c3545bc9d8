-- What a citizen's search of their documents looks into beside the text of the files: title, authors and place, folded and sealed with
-- the citizen's key (decision 25). Of a DocumentReference only; those that are stored already are indexed anew.
ALTER TABLE resource ADD COLUMN words bytea;
ALTER TABLE resource ALTER COLUMN words SET STORAGE EXTERNAL;
