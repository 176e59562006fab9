-- For the lists of client credentials: each combination of a filter and an order reads a range of one index in its order,
-- without sorting and without looking at rows that do not match. Built beside reads and writes of other replicas.
CREATE INDEX IF NOT EXISTS status_created ON basic_credential (status, created_at, id) ALGORITHM=INPLACE LOCK=NONE;

-- An issuer and a serial number are too long for an index that also keeps an order. Their checksums are computed by the
-- server, so that rows of the release before have them too; a query compares the text as well.
ALTER TABLE x509_credential ADD COLUMN IF NOT EXISTS issuer_key INT UNSIGNED AS (CRC32(issuer)) VIRTUAL, ALGORITHM=INSTANT, LOCK=NONE;

ALTER TABLE x509_credential ADD COLUMN IF NOT EXISTS serial_key INT UNSIGNED AS (CRC32(serial)) VIRTUAL, ALGORITHM=INSTANT, LOCK=NONE;

CREATE INDEX IF NOT EXISTS status_created ON x509_credential (status, created_at, id) ALGORITHM=INPLACE LOCK=NONE;

CREATE INDEX IF NOT EXISTS issuer_created ON x509_credential (issuer_key, created_at, id) ALGORITHM=INPLACE LOCK=NONE;

CREATE INDEX IF NOT EXISTS issuer_status ON x509_credential (issuer_key, status, created_at, id) ALGORITHM=INPLACE LOCK=NONE;

CREATE INDEX IF NOT EXISTS serial_created ON x509_credential (serial_key, created_at, id) ALGORITHM=INPLACE LOCK=NONE;
