#include "core/base/text.hpp"
#include "core/configuration/value.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace cm::core::configuration {

namespace {

using status_name = std::pair<std::string_view, int>;

// The non-informational statuses of Spring's HttpStatus, whose names the platform uses.
constexpr std::array<status_name, 58> status_names{{
  {"OK", 200},
  {"CREATED", 201},
  {"ACCEPTED", 202},
  {"NON_AUTHORITATIVE_INFORMATION", 203},
  {"NO_CONTENT", 204},
  {"RESET_CONTENT", 205},
  {"PARTIAL_CONTENT", 206},
  {"MULTI_STATUS", 207},
  {"ALREADY_REPORTED", 208},
  {"IM_USED", 226},
  {"MULTIPLE_CHOICES", 300},
  {"MOVED_PERMANENTLY", 301},
  {"FOUND", 302},
  {"SEE_OTHER", 303},
  {"NOT_MODIFIED", 304},
  {"TEMPORARY_REDIRECT", 307},
  {"PERMANENT_REDIRECT", 308},
  {"BAD_REQUEST", 400},
  {"UNAUTHORIZED", 401},
  {"PAYMENT_REQUIRED", 402},
  {"FORBIDDEN", 403},
  {"NOT_FOUND", 404},
  {"METHOD_NOT_ALLOWED", 405},
  {"NOT_ACCEPTABLE", 406},
  {"PROXY_AUTHENTICATION_REQUIRED", 407},
  {"REQUEST_TIMEOUT", 408},
  {"CONFLICT", 409},
  {"GONE", 410},
  {"LENGTH_REQUIRED", 411},
  {"PRECONDITION_FAILED", 412},
  {"PAYLOAD_TOO_LARGE", 413},
  {"URI_TOO_LONG", 414},
  {"UNSUPPORTED_MEDIA_TYPE", 415},
  {"REQUESTED_RANGE_NOT_SATISFIABLE", 416},
  {"EXPECTATION_FAILED", 417},
  {"I_AM_A_TEAPOT", 418},
  {"UNPROCESSABLE_ENTITY", 422},
  {"LOCKED", 423},
  {"FAILED_DEPENDENCY", 424},
  {"TOO_EARLY", 425},
  {"UPGRADE_REQUIRED", 426},
  {"PRECONDITION_REQUIRED", 428},
  {"TOO_MANY_REQUESTS", 429},
  {"REQUEST_HEADER_FIELDS_TOO_LARGE", 431},
  {"UNAVAILABLE_FOR_LEGAL_REASONS", 451},
  {"INTERNAL_SERVER_ERROR", 500},
  {"NOT_IMPLEMENTED", 501},
  {"BAD_GATEWAY", 502},
  {"SERVICE_UNAVAILABLE", 503},
  {"GATEWAY_TIMEOUT", 504},
  {"HTTP_VERSION_NOT_SUPPORTED", 505},
  {"VARIANT_ALSO_NEGOTIATES", 506},
  {"INSUFFICIENT_STORAGE", 507},
  {"LOOP_DETECTED", 508},
  {"BANDWIDTH_LIMIT_EXCEEDED", 509},
  {"NOT_EXTENDED", 510},
  {"NETWORK_AUTHENTICATION_REQUIRED", 511},
  {"REQUEST_ENTITY_TOO_LARGE", 413},
}};

} // namespace

std::optional<int> parse_http_status(std::string_view text) {
  if (const auto number = parse_integer(text))
    return *number >= 200 && *number <= 599 ? std::optional{static_cast<int>(*number)} : std::nullopt;
  auto name = to_upper(text);
  std::replace(name.begin(), name.end(), '-', '_');
  const auto* const found =
    std::find_if(status_names.begin(), status_names.end(), [&](const status_name& r) { return r.first == name; });
  return found == status_names.end() ? std::nullopt : std::optional{found->second};
}

} // namespace cm::core::configuration
