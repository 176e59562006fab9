-- Client credentials, a table a kind: each has a unique key of its own, and a login reads one row by it.
-- Names and issuers are compared byte by byte: NOPAD, because the plain binary collation takes "joe" and "joe " for the
-- same name, and a login must not.
-- last_used_at is written at most once a minute, so it has no index that would have to follow it.
CREATE TABLE IF NOT EXISTS basic_credential (
  id BINARY(16) NOT NULL,
  username VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  password_phc VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  client_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  status TINYINT UNSIGNED NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NULL,
  last_used_at BIGINT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY username (username),
  KEY created (created_at, id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- The issuer and the serial number have no bound that an index could hold: a certificate is found by the digest of both.
-- The key on the serial number is for the filter of the list.
CREATE TABLE IF NOT EXISTS x509_credential (
  id BINARY(16) NOT NULL,
  subject_hash BINARY(32) NOT NULL,
  issuer TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  serial TEXT CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  client_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  status TINYINT UNSIGNED NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NULL,
  last_used_at BIGINT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY subject_hash (subject_hash),
  KEY serial (serial(64)),
  KEY created (created_at, id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
