// The requests of 16/ECAP.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cm::actors {

/// The requests of 16/ECAP, named by the end of their subject.
enum class ecap_protocol : std::uint8_t { ep_token, ep_token_status, client_password, client_certificate };

inline constexpr std::size_t ecap_protocol_count = 4;

/// "ep-token", "ep-token-status", "client-password", "client-certificate".
[[nodiscard]] constexpr std::string_view to_string(ecap_protocol protocol) noexcept {
  switch (protocol) {
  case ecap_protocol::ep_token:
    return "ep-token";
  case ecap_protocol::ep_token_status:
    return "ep-token-status";
  case ecap_protocol::client_password:
    return "client-password";
  case ecap_protocol::client_certificate:
    break;
  }
  return "client-certificate";
}

} // namespace cm::actors
