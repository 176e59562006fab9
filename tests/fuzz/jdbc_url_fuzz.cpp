// Any text is a JDBC URL or an error, and the result for an accepted URL is valid.
#include "core/configuration/jdbc_url.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto url = cm::core::parse_jdbc_url({reinterpret_cast<const char*>(data), size});
  if (!url) {
    if (url.error().message.empty())
      std::abort();
    return 0;
  }
  if (url->hosts.empty() || url->database.empty())
    std::abort();
  for (const auto& host : url->hosts) {
    if (host.host.empty() || host.port == 0)
      std::abort();
  }
  if (url->connect_timeout && url->connect_timeout->count() < 1)
    std::abort();
  return 0;
}
