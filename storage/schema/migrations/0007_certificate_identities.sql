-- A relative distinguished name is a set, so one certificate has several spellings, and subject_hash is that of one of
-- them: the release before looks for exactly the order that it is asked for, so it must find what it would have written.
-- identity_hash is the same for all orders. It is set only where a relative name has several attributes, and by releases
-- that know it; its key keeps two replicas from creating one certificate in two spellings. Existing rows get it after
-- these statements, in storage/schema/certificate_identities.cpp. A certificate that is already stored in two spellings
-- keeps NULL in one of its rows.
ALTER TABLE x509_credential ADD COLUMN IF NOT EXISTS identity_hash BINARY(32) NULL, ALGORITHM=INSTANT, LOCK=NONE;

CREATE UNIQUE INDEX IF NOT EXISTS identity_hash ON x509_credential (identity_hash) ALGORITHM=INPLACE LOCK=NONE;
