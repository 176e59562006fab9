// Error responses, all in one shape (contract section 5).
#pragma once

#include "core/base/error.hpp"
#include "http/server/request.hpp"
#include "http/server/response.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace cm::http {

/// Where an error happened, for those who have no complete request.
struct problem_context {
  std::string_view path;
  std::string_view correlation_id;
};

/// `{"message","status","path","correlationId","errors"?}`. An empty message becomes the reason phrase of the status.
/// For 500 and above but 503, the message is always the reason phrase. 503 and 429 carry Retry-After.
[[nodiscard]] response problem(const problem_context& where, int status, std::string_view message = {},
                               const std::vector<core::field_error>& errors = {});

[[nodiscard]] response problem(const request_head& request, int status, std::string_view message = {},
                               const std::vector<core::field_error>& errors = {});

/// The response for an error of any module: status by status_of(), `detail` never shown, `fields` for 400 only.
[[nodiscard]] response problem(const request_head& request, const core::error& error);

} // namespace cm::http
