// For any bytes and any division into pieces, the line splitter finds the same lines as a simple implementation, and
// buffers no more than its limit and the four bytes that may be dropped: a byte order mark and a CR.
#include "http/server/line_splitter.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace {

constexpr std::size_t limit = 16;

using lines = std::vector<std::tuple<std::uint64_t, std::string, bool>>;

lines run(std::string_view bytes, std::size_t step) {
  lines found;
  const auto note = [&](const cm::http::numbered_line& line) {
    found.emplace_back(line.number, std::string{line.text}, line.too_long);
  };
  cm::http::line_splitter splitter{limit};
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    splitter.feed(bytes.substr(at, step), note);
    if (splitter.held() > limit + 4)
      std::abort();
  }
  splitter.finish(note);
  return found;
}

// The simple implementation, on the complete text.
lines expected(std::string_view bytes) {
  lines found;
  if (bytes.starts_with("\xef\xbb\xbf"))
    bytes.remove_prefix(3);
  for (std::uint64_t number = 1; !bytes.empty(); ++number) {
    const std::size_t end = bytes.find('\n');
    std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    if (!line.empty() && line.back() == '\r')
      line.remove_suffix(1);
    if (line.size() > limit)
      found.emplace_back(number, std::string{}, true);
    else
      found.emplace_back(number, std::string{line}, false);
  }
  return found;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size}; // NOLINT: bytes as text
  const lines right = expected(bytes);
  for (const std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{7}, size + 1}) {
    if (run(bytes, step) != right)
      std::abort();
  }
  return 0;
}
