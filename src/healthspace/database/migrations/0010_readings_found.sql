-- Documents that an older version has read are found without reading all rows: every process asks for them each hour.
CREATE INDEX blob_by_reader ON blob (reader);
