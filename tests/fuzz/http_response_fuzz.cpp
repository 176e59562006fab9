// Any bytes are a response or refused, and it does not matter how they are divided into pieces or whether the body is
// streamed.
#include "http/client/response_reader.hpp"
#include "http/client/server_address.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

namespace {

using namespace cm::http;

constexpr response_limits limits{.max_header = 1024, .max_body = 4096};

void hold(bool promise) {
  if (!promise)
    std::abort();
}

std::optional<client_response> read(std::string_view bytes, std::size_t piece, bool streamed) {
  std::string body;
  body_handler on_body;
  if (streamed)
    on_body = [&body](std::string_view bytes_of_body) {
      body += bytes_of_body;
      return true;
    };
  response_reader reader{limits, on_body};
  while (!bytes.empty() && !reader.is_done()) {
    const auto size = std::min(piece, bytes.size());
    if (!reader.feed(bytes.substr(0, size)))
      return std::nullopt;
    bytes.remove_prefix(size);
  }
  if (!reader.end())
    return std::nullopt;
  hold(reader.status() >= 200);
  auto result = reader.take();
  hold(result.status >= 200 && result.status <= 999 && result.field("").empty());
  hold(streamed || result.body.size() <= limits.max_body);
  hold(body.empty() || result.body.empty());
  result.body += body;
  return result;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return 0;
  const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1}; // NOLINT: bytes as text
  const std::size_t piece = data[0] + std::size_t{1};
  const auto whole = read(text, size, false);
  const auto pieces = read(text, piece, false);
  const auto streamed = read(text, piece, true);
  if (whole && pieces)
    hold(whole->status == pieces->status && whole->fields == pieces->fields && whole->body == pieces->body);
  if (whole && streamed)
    hold(whole->body == streamed->body);
  if (const auto address = parse_server_address(text))
    hold(!address->host.empty() && !address->port.empty()
         && address->authority.find_first_of("\r\n") == std::string::npos
         && address->prefix.find_first_of("\r\n ") == std::string::npos);
  return 0;
}
