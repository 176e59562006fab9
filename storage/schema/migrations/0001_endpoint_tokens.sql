-- Endpoint tokens, hot path: one look-up is a descent of token_hash and one of the primary key.
-- Times are Unix milliseconds in BIGINT: what CM computes with, one byte more than DATETIME(3), and no session time
-- zone, no daylight saving and no text form between the row and the program. To read them by hand:
--   SELECT FROM_UNIXTIME(created_at / 1000) …
-- The id is a version 7 UUID, so rows are appended to the clustered index in order of creation.
-- The application is folded into token_hash (an HMAC over both), hence one column is unique for the pair.
CREATE TABLE IF NOT EXISTS endpoint_token (
  id BINARY(16) NOT NULL,
  token_hash BINARY(32) NOT NULL,
  application VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  endpoint_id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  status TINYINT UNSIGNED NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NULL,
  first_used_at BIGINT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY token_hash (token_hash),
  KEY endpoint_created (endpoint_id, created_at, id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
