#include "http/server/request.hpp"

#include "core/base/secret.hpp"
#include "core/base/text.hpp"
#include "core/base/uuid.hpp"

#include <boost/core/detail/string_view.hpp>
#include <boost/url/encoding_opts.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/pct_string_view.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace cm::http {

namespace {

namespace urls = boost::urls;

constexpr std::size_t max_correlation_id_length = 128;

constexpr std::array<std::pair<std::string_view, method>, 7> methods{{
  {"GET", method::get},
  {"HEAD", method::head},
  {"POST", method::post},
  {"PUT", method::put},
  {"PATCH", method::patch},
  {"DELETE", method::delete_},
  {"OPTIONS", method::options},
}};

bool is_usable_correlation_id(std::string_view text) noexcept {
  return !text.empty() && text.size() <= max_correlation_id_length
         && std::all_of(text.begin(), text.end(), [](char c) { return c >= '!' && c <= '~'; });
}

std::string decoded(urls::pct_string_view encoded, bool plus_is_space) {
  urls::encoding_opts options;
  options.space_as_plus = plus_is_space;
  return encoded.decode(options);
}

bool needs_decoding(std::string_view encoded, bool plus_is_space) noexcept {
  return encoded.find('%') != std::string_view::npos || (plus_is_space && encoded.find('+') != std::string_view::npos);
}

core::error bad_target() {
  return core::make_error(core::errc::invalid, "Malformed request target");
}

} // namespace

std::string_view to_string(method verb) noexcept {
  for (const auto& [name, value] : methods) {
    if (value == verb)
      return name;
  }
  return {};
}

method parse_method(std::string_view text) noexcept {
  for (const auto& [name, value] : methods) {
    if (name == text)
      return value;
  }
  return method::other;
}

request_head::span request_head::store(std::string_view bytes) {
  const span stored{static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(bytes.size())};
  text_.append(bytes);
  return stored;
}

void request_head::set_request_line(method verb, std::string_view target, bool http_1_0) {
  constexpr std::size_t usual_head = 512;
  constexpr std::size_t usual_fields = 12;
  text_.reserve(std::max(usual_head, target.size() * 2));
  headers_.reserve(usual_fields);
  verb_ = verb;
  http_1_0_ = http_1_0;
  target_ = store(target);
  path_ = span{target_.offset, static_cast<std::uint32_t>(std::min(target.find('?'), target.size()))};
}

void request_head::add_header(std::string_view name, std::string_view value) {
  const span stored_name = store(name);
  headers_.push_back({stored_name, store(value)});
}

core::expected<void> request_head::decode() {
  set_correlation_id();
  // A copy, because store() may reallocate the text that target() refers to.
  const std::string whole{target()};
  if (whole == "*" && verb_ == method::options)
    return {};
  const bool origin_form = !whole.empty() && whole.front() == '/';
  const auto parsed = origin_form ? urls::parse_origin_form(whole) : urls::parse_absolute_uri(whole);
  if (!parsed || (!origin_form && !parsed->has_authority()))
    return bad_target();

  const std::string_view url{parsed->buffer().data(), parsed->buffer().size()};
  const std::string_view encoded_path{parsed->encoded_path().data(), parsed->encoded_path().size()};
  // Text without an escape is used as it is in the target, without a second copy.
  const auto in_place = [&](std::string_view part) {
    return span{target_.offset + static_cast<std::uint32_t>(part.data() - url.data()),
                static_cast<std::uint32_t>(part.size())};
  };
  path_ = encoded_path.empty() ? span{} : in_place(encoded_path);

  const auto keep = [&](urls::pct_string_view encoded, bool plus_is_space) {
    const std::string_view raw{encoded.data(), encoded.size()};
    if (raw.empty())
      return span{};
    return needs_decoding(raw, plus_is_space) ? store(decoded(encoded, plus_is_space)) : in_place(raw);
  };

  // Split manually: Boost.URL's segment view merges leading empty segments, and "//x" must not become "/x".
  std::string_view rest = encoded_path;
  if (!rest.empty() && rest.front() == '/')
    rest.remove_prefix(1);
  constexpr std::size_t usual_segments = 6;
  segments_.reserve(usual_segments);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    segments_.push_back(keep(urls::pct_string_view{boost::core::string_view{rest.data(), end}}, false));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  for (const auto parameter : parsed->encoded_params()) {
    if (!parameter.key.empty() || parameter.has_value)
      parameters_.push_back({keep(parameter.key, true), keep(parameter.value, true)});
  }
  return {};
}

void request_head::set_correlation_id() {
  const auto given = header("Correlation-ID");
  if (given && is_usable_correlation_id(*given))
    correlation_id_ = std::string{*given};
  else
    correlation_id_ = core::to_string(core::random_uuid());
}

std::vector<std::string_view> request_head::parameter_names() const {
  std::vector<std::string_view> names;
  names.reserve(parameters_.size());
  for (const auto& parameter : parameters_)
    names.push_back(text(parameter.name));
  return names;
}

std::vector<std::string_view> request_head::parameters(std::string_view name) const {
  std::vector<std::string_view> found;
  for (const auto& parameter : parameters_) {
    if (text(parameter.name) == name)
      found.push_back(text(parameter.value));
  }
  return found;
}

std::optional<std::string_view> request_head::header(std::string_view name) const noexcept {
  for (const auto& header : headers_) {
    if (core::equals_ignoring_case(text(header.name), name))
      return text(header.value);
  }
  return std::nullopt;
}

std::optional<std::string> request_head::joined_header(std::string_view name) const {
  std::optional<std::string> joined;
  for (const auto& header : headers_) {
    if (!core::equals_ignoring_case(text(header.name), name))
      continue;
    if (joined)
      joined->append(", ").append(text(header.value));
    else
      joined.emplace(text(header.value));
  }
  return joined;
}

std::size_t request_head::header_count(std::string_view name) const noexcept {
  return static_cast<std::size_t>(std::count_if(headers_.begin(), headers_.end(), [&](const named_span& header) {
    return core::equals_ignoring_case(text(header.name), name);
  }));
}

std::vector<request_head::field> request_head::headers() const {
  std::vector<field> all;
  all.reserve(headers_.size());
  for (const auto& header : headers_)
    all.push_back({text(header.name), text(header.value)});
  return all;
}

request::request(request_head head, std::string body) : request_head(std::move(head)), body_(std::move(body)) {}

request& request::operator=(request&& other) noexcept {
  if (this != &other) {
    core::wipe(body_);
    request_head::operator=(std::move(static_cast<request_head&>(other)));
    body_ = std::move(other.body_);
  }
  return *this;
}

request::~request() {
  core::wipe(body_);
}

} // namespace cm::http
