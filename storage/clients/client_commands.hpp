// What storage can be asked about client credentials, and what it answers.
#pragma once

#include "core/base/secret.hpp"
#include "core/base/time.hpp"
#include "core/base/uuid.hpp"
#include "core/credentials/client_credential.hpp"
#include "core/credentials/revocation.hpp"
#include "core/credentials/token.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace cm::storage {

/// SHA-256 over canonical issuer and serial number (core/certificates/distinguished_name.hpp): what certificates are
/// found by.
using subject_hash = std::array<std::uint8_t, 32>;

/// Stores a new credential with its audit row. conflict: the username, or the certificate, exists. Repeating with the
/// same ID is success and changes nothing.
struct create_client {
  core::client_credential credential; ///< with its ID, status and created_at
  core::secret password_phc;          ///< basic only: an Argon2id PHC string
  subject_hash subject{};             ///< x509 only
  core::change_origin origin;
};

struct one_client {
  core::client_credential credential;
};

/// One credential. not_found: there is none of that kind.
struct get_client {
  core::client_kind kind = core::client_kind::basic;
  core::uuid id;
};

/// For the check of a password.
struct find_basic {
  std::string username;
};

struct found_basic {
  std::optional<core::client_credential> credential;
  core::secret password_phc; ///< empty where there is no credential
};

/// Looks certificates up: 0 to max_batch, repeats allowed.
struct find_x509 {
  std::vector<subject_hash> subjects;
};

/// As many as were asked for, in the same order.
struct found_x509 {
  std::vector<std::optional<core::client_credential>> credentials;
};

/// One page of all credentials of a kind by (created_at, id). Filters are joined by "and"; an empty one lets all pass.
struct list_clients {
  core::client_kind kind = core::client_kind::basic;
  std::vector<core::credential_status> statuses;
  std::optional<std::string> username;      ///< basic: exactly this one
  std::optional<std::string> issuer;        ///< x509: exactly this canonical issuer
  std::optional<std::string> serial_number; ///< x509: exactly this one
  std::uint64_t offset = 0;
  std::uint32_t limit = 20; ///< 0 to max_page
  bool ascending = false;
};

struct client_page {
  std::vector<core::client_credential> items;
  std::uint64_t total = 0;
};

using client_precondition = std::function<bool(const core::client_credential&)>;

/// As change_token_status.
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

/// Replaces the password of a basic credential, with an audit row whose `from` and `to` are the present status.
/// Answered with changed_client (`changed` is true). not_found, precondition_failed as above; conflict: it is Revoked.
struct set_password {
  core::uuid id;
  core::secret password_phc;
  core::timestamp at{};
  core::change_origin origin;
  client_precondition precondition;
};

/// Replaces a hash by one of the same password with stronger parameters; nothing happens where the hash has changed
/// meanwhile. No audit row. Answered with used_clients.
struct rehash_password {
  core::uuid id;
  core::secret old_phc;
  core::secret new_phc;
};

/// As delete_token.
struct delete_client {
  core::client_kind kind = core::client_kind::basic;
  core::uuid id;
  core::timestamp at{};
  core::change_origin origin;
  client_precondition precondition;
};

struct deleted_client {
  std::optional<core::revocation> event; ///< nothing only where an earlier attempt of this command had deleted it
};

struct client_use {
  core::client_kind kind = core::client_kind::basic;
  core::uuid id;
  std::string correlation_id; ///< of the request that used it
  core::timestamp at{};
};

/// Uses of client credentials, 0 to max_batch: those that are Inactive become Active with an audit row (channel ecap);
/// `last_used_at` never goes back. Unknown IDs are passed over; repeating is harmless.
struct use_clients {
  std::vector<client_use> items;
  std::string actor; ///< for the audit trail
};

struct used_clients {
  std::uint64_t changed = 0; ///< rows written
};

} // namespace cm::storage
