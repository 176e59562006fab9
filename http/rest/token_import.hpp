// The lines of POST /api/v1/endpoint-tokens/import: one JSON object in, one out (contract section 5).
#pragma once

#include "core/base/error.hpp"
#include "core/base/secret.hpp"
#include "core/base/uuid.hpp"
#include "core/credentials/credential.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cm::http {

struct import_line {
  std::string endpoint_id;
  std::string application_name;
  std::optional<core::secret> token;             ///< missing: CM generates one
  std::optional<core::credential_status> status; ///< missing: Inactive for a new token, any for one that is there
};

/// Reads `{"endpointId","applicationName","token"?,"status"?}`. Unknown members are ignored; the caller bounds the
/// line.
/// @return errc::invalid with all fields that are wrong; no message repeats a value of the line. Whether the
/// application
///   is known is not checked here.
[[nodiscard]] core::expected<import_line> parse_import_line(std::string_view line);

/// Appends `{"line","result":"created","endpointTokenId","status","token"?}` and a line feed. With a token, `out` holds
/// a secret from now on: the caller wipes it; what this function outgrows it wipes itself.
/// @param line counted from 1
/// @param generated_token the value that CM made; null when the line brought its own, which is never repeated
void write_import_created(std::string& out, std::uint64_t line, const core::uuid& id, core::credential_status status,
                          const core::secret* generated_token);

/// Appends `{"line","result":"unchanged","endpointTokenId","status"}` and a line feed.
void write_import_unchanged(std::string& out, std::uint64_t line, const core::uuid& id, core::credential_status status);

/// Appends `{"line","result":"failed","code","message","errors"?}` and a line feed; `code` is what the HTTP status of
/// that line alone would be. `detail` is never shown; of a fault of CM no more than its reason phrase.
void write_import_failed(std::string& out, std::uint64_t line, const core::error& error);

} // namespace cm::http
