-- Which key the hashes of endpoint_token were made with: one row, with a fingerprint of the key and not the key. A process
-- that has another one would find no token, and is refused.
CREATE TABLE IF NOT EXISTS token_hash_key (
  id TINYINT UNSIGNED NOT NULL,
  fingerprint BINARY(32) NOT NULL,
  recorded_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
