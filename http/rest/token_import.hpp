// POST /api/v1/endpoint-tokens/import: parses a request line and writes its response line (contract section 5).
#pragma once

#include "core/base/error.hpp"
#include "core/base/secret.hpp"
#include "core/base/uuid.hpp"
#include "core/credentials/credential.hpp"
#include "core/credentials/token_requests.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace cm::http {

/// Reads `{"endpointId","applicationName","token"?,"status"?}`. Unknown members are ignored. The caller limits the
/// length of the line.
/// @return errc::invalid with all invalid fields; no message contains a value of the line. Does not check whether the
///   application is known.
[[nodiscard]] core::expected<core::import_line> parse_import_line(std::string_view line);

/// Appends `{"line","result":"created","endpointTokenId","status","token"?}` and a line feed. With a token, `out`
/// contains a secret, which the caller must wipe; if the function reallocates `out`, it wipes the old memory.
/// @param line number of the line, from 1
/// @param generated_token the value that CM generated; null if the line contained a token, which is never repeated
void write_import_created(std::string& out, std::uint64_t line, const core::uuid& id, core::credential_status status,
                          const core::secret* generated_token);

/// Appends `{"line","result":"unchanged","endpointTokenId","status"}` and a line feed.
void write_import_unchanged(std::string& out, std::uint64_t line, const core::uuid& id, core::credential_status status);

/// Appends `{"line","result":"failed","code","message","errors"?}` and a line feed. `code` is the HTTP status that a
/// single request with that error would get. `detail` is never written; an internal error gets only its reason phrase.
void write_import_failed(std::string& out, std::uint64_t line, const core::error& error);

} // namespace cm::http
