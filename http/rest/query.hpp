// Query parameters that several resources of the REST API have in common.
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

/// Reads query parameters and collects all errors, so that the client gets them in one response. A parameter with an
/// empty value counts as missing; a repeated parameter is an error, except for `status`.
class query_reader {
public:
  explicit query_reader(const request_head& from) : from_(from) {}

  /// nullopt if the parameter is missing, empty or repeated; adds an error if it is repeated.
  [[nodiscard]] std::optional<std::string_view> text(std::string_view name);

  /// A number from `min` to `max`. Leaves `target` unchanged if the parameter is missing or invalid.
  void number(std::string_view name, std::uint64_t min, std::uint64_t max, std::uint64_t& target);

  /// `offset` and `limit`.
  [[nodiscard]] page_request page();

  /// `status`, repeated or comma-separated; each status at most once in the result.
  [[nodiscard]] std::vector<core::credential_status> statuses();

  /// `order`: `ASC` or `DESC` (the default).
  [[nodiscard]] sort_order order();

  /// Adds an error that the caller has detected.
  void reject(std::string_view name, std::string message);

  [[nodiscard]] const std::vector<core::field_error>& errors() const noexcept { return errors_; }

private:
  const request_head& from_;
  std::vector<core::field_error> errors_;
};

/// An errc::invalid error with these fields.
[[nodiscard]] core::error invalid_request(std::vector<core::field_error> fields);

/// Reads `offset` and `limit`.
/// @return errc::invalid with all invalid parameters
[[nodiscard]] core::expected<page_request> parse_page(const request_head& from);

} // namespace cm::http
