// The REST resource /api/v1/clients/credentials, and code that it shares with certificates (contract section 5).
#pragma once

#include "core/base/error.hpp"
#include "core/base/secret.hpp"
#include "core/base/time.hpp"
#include "core/base/uuid.hpp"
#include "core/credentials/client_credential.hpp"
#include "core/credentials/credential.hpp"
#include "http/json/json.hpp"
#include "http/rest/query.hpp"
#include "http/rest/router.hpp"
#include "http/server/request.hpp"
#include "http/server/response.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cm::http {

/// Minimum length of passwords that are set over REST. core::is_client_password has the other limits.
inline constexpr std::size_t min_password_characters = 8;

struct create_basic_request {
  std::string username;
  std::optional<core::secret> password; ///< missing: CM generates one
  std::optional<std::string> client_id;
};

/// The place of a credential in a list.
struct client_position {
  core::timestamp created_at{};
  core::uuid id;

  friend bool operator==(const client_position&, const client_position&) = default;
};

/// Parameters of both lists. A credential must match all filters; an empty filter matches everything.
struct list_clients_request {
  std::vector<core::credential_status> statuses; ///< each at most once; empty: any
  std::optional<std::string> username;           ///< basic only
  std::vector<std::string> issuers;              ///< x509 only: the canonical forms of the issuer; one must match
  std::optional<std::string> serial_number;      ///< x509 only: decimal
  std::optional<client_position> after;          ///< not together with an offset
  std::uint64_t offset = 0;                      ///< at most 2^63-1
  std::uint32_t limit = 20;                      ///< 1 to 1000
  sort_order order = sort_order::descending;     ///< by creation
  bool exact_total = false;                      ///< count all matches, however long it takes
};

/// A page of either list.
struct clients_page {
  std::span<const core::client_credential> items;
  std::optional<std::uint64_t> total;  ///< number of matches; empty after a cursor
  bool total_is_exact = true;          ///< false: there are at least so many
  std::optional<client_position> next; ///< where the next page begins, if there is one
};

/// The rule of core::is_client_name, for error messages.
inline constexpr std::string_view client_name_rule = "must be 1 to 255 bytes of UTF-8 without control characters";

/// The optional member `clientId` of both kinds of credentials.
[[nodiscard]] std::optional<std::string> optional_client_id(member_reader& members);

/// Path parameter `credentialId`.
/// @return errc::not_found for an ID that is not a UUID: no credential has it
[[nodiscard]] core::expected<core::uuid> parse_credential_path(const path_parameters& path);

/// Reads `{"username","password"?,"clientId"?}`.
/// @return errc::invalid with all invalid fields
[[nodiscard]] core::expected<create_basic_request> parse_create_basic(const request& from);

/// Reads `{"password"?}`: nullopt if CM has to generate the password.
/// @return errc::invalid for a password that is too short or too long, or has a character U+0000
[[nodiscard]] core::expected<std::optional<core::secret>> parse_password_body(const request& from);

/// Reads the query parameters that both lists have: `after`, `offset`, `limit`, `order`, `total`.
void read_page(query_reader& query, list_clients_request& target);

/// Reads the query parameters `status`, `username`, and those of read_page().
/// @return errc::invalid with all invalid parameters
[[nodiscard]] core::expected<list_clients_request> parse_list_basic(const request_head& from);

/// One credential of either kind: 200 with ETag, or 304 if the request's If-None-Match contains the tag.
[[nodiscard]] response render_client(const request_head& from, const core::client_credential& credential);

/// One credential of either kind after a change of its status: 200 with its new ETag.
[[nodiscard]] response render_changed_client(const core::client_credential& credential);

/// 201 with Location.
/// @param generated_password the password that CM generated: this response is the only one that contains it, and its
///   buffers are wiped after sending; null if the request contained a password
[[nodiscard]] response render_created_basic(const core::client_credential& created,
                                            const core::secret* generated_password);

/// 200 with ETag; `generated` as in render_created_basic. The tag does not depend on the password.
[[nodiscard]] response render_password_changed(const core::client_credential& changed, const core::secret* generated);

/// A page of either kind: 200 with ETag, or 304. If there is more, `next` is the cursor for `after`.
[[nodiscard]] response render_clients_page(const request_head& from, const clients_page& page);

/// The tag of render_clients_page; it does not depend on last uses. If-Match of a POST is compared with the tag of the
/// default page, which is returned by a GET without query parameters.
[[nodiscard]] std::string entity_tag_of_page(const clients_page& page);

/// The tag of render_client, with which If-Match is compared. It covers everything but the last use.
[[nodiscard]] std::string entity_tag_of(const core::client_credential& credential);

} // namespace cm::http
