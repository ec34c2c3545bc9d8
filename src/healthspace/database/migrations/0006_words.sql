-- The words of a document, folded and sealed with its citizen's key: what a search inside the text of their documents looks into.
ALTER TABLE blob ADD COLUMN words bytea;
