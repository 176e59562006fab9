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

/// Largest number of other hashes of one certificate: one for each of core::distinguished_name::others.
inline constexpr std::size_t max_other_subjects = 49;

/// Stores a new credential with its audit row. Errors: conflict (the username exists, or a certificate with one of its
/// subjects, or with its identity). A repetition with the same ID succeeds and changes nothing.
struct create_client {
  core::client_credential credential;       ///< with its ID, status and created_at
  core::secret password_phc;                ///< basic only: Argon2id, as a PHC string
  subject_hash subject{};                   ///< x509 only
  std::vector<subject_hash> other_subjects; ///< x509 only: 0 to max_other_subjects, under which it may be stored
  std::optional<subject_hash> identity;     ///< x509 only: that of core::distinguished_name::identity, if it has one
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
  /// Another hash by which a certificate may be found.
  struct other_hash {
    std::size_t index = 0; ///< of the certificate in `subjects`
    subject_hash hash{};
  };

  std::vector<subject_hash> subjects;
  std::vector<other_hash> other_subjects; ///< of core::distinguished_name::others; 0 to max_batch * max_other_subjects
  std::vector<other_hash> identities;     ///< of core::distinguished_name::identity; 0 to max_batch
};

/// One result per requested subject, in the same order. If several credentials are found for it, they are the same
/// certificate, and its revocation must not be passed by: the strictest status decides, Revoked, Suspended, an unknown
/// one, then the valid ones.
struct found_x509 {
  std::vector<std::optional<core::client_credential>> credentials;
};

/// The place of a credential in a list.
struct client_position {
  core::timestamp created_at{};
  core::uuid id;
};

/// How far the matches of a list are counted. Counting millions of rows takes seconds.
enum class counting : std::uint8_t {
  none,
  bounded, ///< up to max_count
  exact
};

/// Limit of counting::bounded.
inline constexpr std::uint64_t max_count = 10'000;

/// Reads a page of the credentials of one kind, sorted by (created_at, id). Filters are combined with AND; an empty
/// filter matches all.
struct list_clients {
  core::client_kind kind = core::client_kind::basic;
  std::vector<core::credential_status> statuses;
  std::optional<std::string> username;      ///< basic: exact match
  std::vector<std::string> issuers;         ///< x509: exact match of one of these; 0 to max_other_subjects + 1
  std::optional<std::string> serial_number; ///< x509: exact match
  std::optional<client_position> after;     ///< only those that follow it in the order of the list
  std::uint64_t offset = 0;                 ///< of those
  std::uint32_t limit = 20;                 ///< 0 to max_page
  bool ascending = false;
  counting total = counting::bounded;
};

struct client_page {
  std::vector<core::client_credential> items; ///< without rows whose status is not known
  std::optional<client_position> next;        ///< of the last row of the page, if others follow
  /// How many match; without counting 0. A count that was stopped is a lower bound, larger than max_count and than the
  /// numbers of the items.
  std::uint64_t total = 0;
  bool total_is_exact = true;
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
