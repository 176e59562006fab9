// Query parameters and path parameters that several resources of the REST API share.
#pragma once

#include "core/base/error.hpp"
#include "core/base/uuid.hpp"
#include "core/credentials/credential.hpp"
#include "http/rest/router.hpp"
#include "http/server/request.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cm::http {

enum class sort_order : std::uint8_t { ascending, descending };

struct page_request {
  std::uint64_t offset = 0; ///< at most 2^63-1
  std::uint32_t limit = 20; ///< 1 to 1000
};

/// Reads query parameters and gathers what is wrong with them, so that the client learns everything at once. A
/// parameter with an empty value counts as missing; one that stands more than once is wrong, but for `status`.
class query_reader {
public:
  explicit query_reader(const request_head& from) : from_(from) {}

  /// Nothing when it is missing or empty.
  [[nodiscard]] std::optional<std::string_view> text(std::string_view name);

  /// `target` stays as it is when the parameter is missing or wrong.
  void number(std::string_view name, std::uint64_t least, std::uint64_t most, std::uint64_t& target);

  /// `offset` and `limit`.
  [[nodiscard]] page_request page();

  /// `status`, repeated or comma-separated; each status at most once in the result.
  [[nodiscard]] std::vector<core::credential_status> statuses();

  /// `order`: `ASC`, `DESC`, the default.
  [[nodiscard]] sort_order order();

  /// Adds an error of the caller's own.
  void reject(std::string_view name, std::string message);

  [[nodiscard]] const std::vector<core::field_error>& errors() const noexcept { return errors_; }

private:
  const request_head& from_;
  std::vector<core::field_error> errors_;
};

/// errc::invalid with these fields.
[[nodiscard]] core::error invalid_request(std::vector<core::field_error> fields);

/// Reads `offset` and `limit`.
/// @return errc::invalid with all that are wrong
[[nodiscard]] core::expected<page_request> parse_page(const request_head& from);

} // namespace cm::http
