// The commands on client credentials, and their replies.
#pragma once

#include "core/base/secret.hpp"
#include "core/base/time.hpp"
#include "core/base/uuid.hpp"
#include "core/credentials/change_origin.hpp"
#include "core/credentials/client_credential.hpp"
#include "core/credentials/revocation.hpp"
#include "core/credentials/token.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace cm::storage {

/// The look-up key of certificates: SHA-256 over the canonical issuer and the serial number
/// (core/certificates/distinguished_name.hpp).
using subject_hash = std::array<std::uint8_t, 32>;

/// Stores a new credential with its audit row. Errors: conflict (the username exists, or a certificate with one of both
/// subjects). A repetition with the same ID succeeds and changes nothing.
struct create_client {
  core::client_credential credential; ///< with its ID, status and created_at
  core::secret password_phc;          ///< basic only: Argon2id, as a PHC string
  subject_hash subject{};             ///< x509 only
  /// x509 only: that of core::distinguished_name::former, if the issuer has one.
  std::optional<subject_hash> former_subject;
  core::change_origin origin;
};

struct one_client {
  core::client_credential credential;
};

/// Reads one credential. Errors: not_found (there is none of that kind).
struct get_client {
  core::client_kind kind = core::client_kind::basic;
  core::uuid id;
};

/// Looks a basic credential up to verify its password.
struct find_basic {
  std::string username;
};

struct found_basic {
  std::optional<core::client_credential> credential;
  core::secret password_phc; ///< empty if there is no credential
};

/// Looks several basic credentials up: 0 to max_batch, duplicates allowed.
struct find_basics {
  std::vector<std::string> usernames;
};

/// One result per requested username, in the same order.
struct found_basics {
  std::vector<found_basic> credentials;
};

/// Looks certificates up: 0 to max_batch, duplicates allowed.
struct find_x509 {
  /// Another hash under which a certificate may be stored: that of core::distinguished_name::former.
  struct former_subject {
    std::size_t index = 0; ///< of the certificate in `subjects`
    subject_hash subject{};
  };

  std::vector<subject_hash> subjects;
  std::vector<former_subject> former_subjects; ///< 0 to max_batch
};

/// One result per requested subject, in the same order. If credentials are stored under both of its hashes, it is one
/// that is not valid, if there is one: they are the same certificate, and its revocation must not be passed by.
struct found_x509 {
  std::vector<std::optional<core::client_credential>> credentials;
};

/// Reads a page of the credentials of one kind, sorted by (created_at, id). Filters are combined with AND; an empty
/// filter matches all.
struct list_clients {
  core::client_kind kind = core::client_kind::basic;
  std::vector<core::credential_status> statuses;
  std::optional<std::string> username;      ///< basic: exact match
  std::optional<std::string> issuer;        ///< x509: exact match of the canonical issuer
  std::optional<std::string> former_issuer; ///< x509: matches as well; has no effect without `issuer`
  std::optional<std::string> serial_number; ///< x509: exact match
  std::uint64_t offset = 0;
  std::uint32_t limit = 20; ///< 0 to max_page
  bool ascending = false;
};

struct client_page {
  std::vector<core::client_credential> items;
  std::uint64_t total = 0;
};

using client_precondition = std::function<bool(const core::client_credential&)>;

/// Semantics as for change_token_status.
struct change_client_status {
  core::client_kind kind = core::client_kind::basic;
  core::uuid id;
  core::credential_status target = core::credential_status::active;
  core::timestamp at{};
  core::change_origin origin;
  client_precondition precondition;
};

struct changed_client {
  core::client_credential credential;
  bool changed = false;
  std::optional<core::revocation> event;
};

/// Replaces the password of a basic credential. Its audit row has the current status in both `from` and `to`. Reply:
/// changed_client (`changed` is true). Errors: not_found and precondition_failed as above; conflict (it is Revoked).
struct set_password {
  core::uuid id;
  core::secret password_phc;
  core::timestamp at{};
  core::change_origin origin;
  client_precondition precondition;
};

/// Replaces the hash of a password by one of the same password with stronger parameters. No effect if the hash has
/// changed meanwhile. No audit row. Reply: used_clients.
struct rehash_password {
  core::uuid id;
  core::secret old_phc;
  core::secret new_phc;
};

/// Semantics as for delete_token.
struct delete_client {
  core::client_kind kind = core::client_kind::basic;
  core::uuid id;
  core::timestamp at{};
  core::change_origin origin;
  client_precondition precondition;
};

struct deleted_client {
  std::optional<core::revocation> event; ///< empty only if an earlier attempt of this command had deleted it
};

struct client_use {
  core::client_kind kind = core::client_kind::basic;
  core::uuid id;
  std::string correlation_id; ///< of the request that used it
  core::timestamp at{};
};

/// Records uses of client credentials: 0 to max_batch. Inactive ones become Active, with an audit row (channel ecap).
/// `last_used_at` never decreases. Ignores unknown IDs. Idempotent.
struct use_clients {
  std::vector<client_use> items;
  std::string actor; ///< for the audit trail
};

struct used_clients {
  std::uint64_t changed = 0; ///< rows written
};

} // namespace cm::storage
