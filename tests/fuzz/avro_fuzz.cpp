// Runs every decoder on any input: no reads past the end, and decoded records survive encoding and decoding.
#include "messaging/records/ecap.hpp"
#include "messaging/records/elce.hpp"
#include "messaging/records/scmp.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace cm::messaging;

template <class Record>
void check(std::string_view input) {
  const auto decoded = decode<Record>(input);
  if (!decoded) {
    if (decoded.error().problem.empty() || decoded.error().correlation_id.size() > input.size())
      std::abort();
    return;
  }
  std::string bytes;
  encode(*decoded, bytes);
  const auto again = decode<Record>(bytes);
  if (!again || *again != *decoded || bytes.size() > input.size())
    std::abort();
}

template <class... Records>
void check_all(std::string_view input) {
  (check<Records>(input), ...);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check_all<ecap::endpoint_token_validation_request, ecap::endpoint_token_validation_response,
            ecap::endpoint_token_status_transition_request, ecap::endpoint_token_status_transition_response,
            ecap::client_username_password_validation_request, ecap::client_username_password_validation_response,
            ecap::client_certificate_validation_request, ecap::client_certificate_validation_response,
            ecap::endpoint_token_revoked_event, ecap::client_credential_revoked_event, elce::unregistered_event,
            scmp::broadcast_configuration_update_event, scmp::service_specific_configuration_update_event>(
    {reinterpret_cast<const char*>(data), size});
  return 0;
}
