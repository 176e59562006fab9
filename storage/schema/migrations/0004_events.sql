-- What was taken away from its users: the events, and what consumers that were away read afterwards. One row for one
-- operation on one (application, endpoint) or one client credential; ids are 16 bytes each; to_status is NULL for a
-- deletion. The key on the time finds the rows of one operation again and the old ones that may go.
CREATE TABLE IF NOT EXISTS revocation (
  seq BIGINT NOT NULL AUTO_INCREMENT,
  kind TINYINT UNSIGNED NOT NULL,
  application VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  endpoint_id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  ids MEDIUMBLOB NOT NULL,
  to_status TINYINT UNSIGNED NULL,
  correlation_id VARCHAR(255) NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (seq),
  KEY operation (at)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Revocations that are not confirmed by NATS yet, by their numbers. Until lease_until (Unix milliseconds by the clock of
-- this server) a row belongs to the replica that wrote or claimed it.
CREATE TABLE IF NOT EXISTS event_outbox (
  seq BIGINT NOT NULL,
  lease_until BIGINT NOT NULL,
  PRIMARY KEY (seq),
  KEY lease (lease_until)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- One row, and only its lock is of use: whoever writes a revocation shares it until its commit, whoever lists them takes
-- it alone for a moment. A number is given before the commit, so without this a reader could pass by a row that is not
-- visible yet and never come back to it.
CREATE TABLE IF NOT EXISTS revocation_gate (
  id TINYINT UNSIGNED NOT NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

INSERT IGNORE INTO revocation_gate (id) VALUES (1);
