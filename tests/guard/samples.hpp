// The fixed inputs of the guard's operations, with the sizes of the platform's messages.
#pragma once

#include "core/base/time.hpp"
#include "messaging/records/ecap.hpp"

#include <stdexcept>
#include <string>
#include <string_view>

namespace cm::guard {

inline constexpr std::string_view sample_application = "smart_kettle";
inline constexpr std::string_view sample_token = "w1zXmXtP5mEPfnuCgkKf";
inline constexpr std::string_view sample_endpoint = "e0be4c4a-9a61-4c65-8d5e-8a1fda1b54ec";
inline constexpr std::string_view sample_token_id = "0192f0a0-1c5f-7abc-8def-0123456789ab";
inline constexpr std::string_view sample_correlation = "5f3a1c8e-2c2d-4f5e-9a52-6a3e0b7c9d10";
inline constexpr std::int64_t sample_time = 1'795'356'000'123; ///< Unix ms

/// The NATS payload of a validation request for that token.
inline std::string sample_request(std::string_view token) {
  messaging::ecap::endpoint_token_validation_request request;
  request.correlation_id = sample_correlation;
  request.timestamp = sample_time;
  request.timeout = 5'000;
  request.app_name = sample_application;
  request.token = token;
  std::string bytes;
  messaging::encode(request, bytes);
  return bytes;
}

/// The response to it, with status 200.
inline messaging::ecap::endpoint_token_validation_response sample_response(std::string_view correlation_id) {
  messaging::ecap::endpoint_token_validation_response response;
  response.correlation_id = correlation_id;
  response.timestamp = sample_time;
  response.token_id = sample_token_id;
  response.endpoint_id = sample_endpoint;
  response.status_code = 200;
  return response;
}

inline void require(bool right, const char* what) {
  if (!right)
    throw std::logic_error(what);
}

} // namespace cm::guard
