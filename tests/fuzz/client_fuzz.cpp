// Any response of a service and any command line is accepted or refused, and its rendering contains no control
// characters.
#include "client/arguments.hpp"
#include "client/import_tally.hpp"
#include "client/rendering.hpp"
#include "client/service_url.hpp"
#include "http/client/response_reader.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace cm::client;

void hold(bool promise) {
  if (!promise)
    std::abort();
}

// The client writes line ends itself; all other control characters would come from the input.
void hold_shown(std::string_view text) {
  hold(std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20U && c != '\n') || byte == 0x7FU;
  }));
}

void show(const cm::http::client_response& got) {
  const std::vector<column> columns{{"status", "STATUS"}, {"message", "MESSAGE"}};
  hold_shown(render_problem(got));
  const auto health = render_health(got);
  hold_shown(health);
  hold(health.find('\n') == std::string::npos);
  if (const auto item = render_item(got.body, columns))
    hold_shown(*item);
  if (const auto page = render_page(got.body, columns))
    hold_shown(page->table);
}

void read_answer(std::string_view bytes, std::size_t piece) {
  cm::http::response_reader reader;
  while (!bytes.empty() && !reader.is_done()) {
    const auto size = std::min(piece, bytes.size());
    if (!reader.feed(bytes.substr(0, size)))
      return;
    bytes.remove_prefix(size);
  }
  if (reader.end())
    show(reader.take());
}

void count_results(std::string_view bytes, std::size_t piece) {
  std::string out;
  import_tally tally([&](std::string_view lines) {
    hold(lines.ends_with('\n'));
    out += lines;
    return true;
  });
  const auto all = bytes;
  while (!bytes.empty() && tally.feed(bytes.substr(0, piece)))
    bytes.remove_prefix(std::min(piece, bytes.size()));
  hold(all.starts_with(out) || tally.is_broken());
  if (!tally.is_broken())
    hold(tally.lines() == static_cast<std::uint64_t>(std::count(out.begin(), out.end(), '\n')));
}

void read_words(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const auto result = parse_arguments(words);
  if (!result)
    hold_shown(result.error().message);
  else
    hold(result->what != invocation::kind::run || result->command != nullptr);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return 0;
  const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1}; // NOLINT: bytes as text
  const std::size_t piece = data[0] + std::size_t{1};
  read_answer(text, piece);
  cm::http::client_response as_body;
  as_body.status = 400;
  as_body.body = text;
  show(as_body);
  count_results(text, piece);
  read_words(text);
  if (const auto url = parse_service_url(text))
    hold(!url->host.empty() && !url->port.empty() && url->authority.find_first_of("\r\n") == std::string::npos
         && url->prefix.find_first_of("\r\n ") == std::string::npos);
  return 0;
}
