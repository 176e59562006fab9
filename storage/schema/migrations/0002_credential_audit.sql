-- The audit trail of every credential. from_status is NULL for a creation, to_status for a deletion.
-- Rows are only appended; seq and at rise together, so old rows are found at the beginning of the primary key and the
-- table needs no index on the time. No foreign key: the trail outlives the credential.
CREATE TABLE IF NOT EXISTS credential_audit (
  seq BIGINT NOT NULL AUTO_INCREMENT,
  credential_id BINARY(16) NOT NULL,
  at BIGINT NOT NULL,
  from_status TINYINT UNSIGNED NULL,
  to_status TINYINT UNSIGNED NULL,
  channel TINYINT UNSIGNED NOT NULL,
  actor VARCHAR(255) NOT NULL,
  correlation_id VARCHAR(255) NOT NULL,
  PRIMARY KEY (seq),
  KEY credential (credential_id, seq)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
