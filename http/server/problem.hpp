// Error responses, all in the same JSON format (contract section 5).
#pragma once

#include "core/base/error.hpp"
#include "http/server/request.hpp"
#include "http/server/response.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace cm::http {

/// What an error response says about its request, for callers that have no complete request.
struct problem_context {
  std::string_view path;
  std::string_view correlation_id;
};

/// `{"message","status","path","correlationId","errors"?}`. An empty message becomes the reason phrase of the status.
/// For 500 and above except 503, the message is always the reason phrase. 503 and 429 carry Retry-After.
/// @param errors only sent with 400
[[nodiscard]] response problem(const problem_context& context, int status, std::string_view message = {},
                               const std::vector<core::field_error>& errors = {});

[[nodiscard]] response problem(const request_head& request, int status, std::string_view message = {},
                               const std::vector<core::field_error>& errors = {});

/// The response for any core::error: status from status_of(), `fields` only for 400; `detail` is never sent.
[[nodiscard]] response problem(const request_head& request, const core::error& error);

} // namespace cm::http
