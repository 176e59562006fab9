#include "http/server/request_parser.hpp"

#include "core/base/text.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <utility>

namespace cm::http {

namespace {

namespace beast = boost::beast;
using beast_error = beast::http::error;
using error_code = beast::error_code;

std::string_view std_view(beast::string_view text) noexcept {
  return {text.data(), text.size()};
}

// The shortest possible remainder of a chunked body between two chunks: "0\r\n\r\n". Beast's parser asserts on less.
constexpr std::size_t min_chunked_rest = 5;

// A chunked body may take at most this many times its size on the wire, chunk sizes and extensions included.
constexpr std::size_t chunk_overhead_factor = 8;

// Whether the line ends in a well-formed version, " HTTP/d.d", that CM does not support.
bool names_other_version(std::string_view line) noexcept {
  constexpr std::string_view prefix = " HTTP/";
  line = line.substr(0, line.find('\r'));
  const std::size_t last_space = line.rfind(' ');
  if (last_space == std::string_view::npos)
    return false;
  const std::string_view version = line.substr(last_space);
  return version.size() == prefix.size() + 3 && version.substr(0, prefix.size()) == prefix
         && core::is_digits(version.substr(prefix.size(), 1)) && version[prefix.size() + 1] == '.'
         && core::is_digits(version.substr(prefix.size() + 2)) && version != " HTTP/1.1" && version != " HTTP/1.0";
}

} // namespace

// Stores what Beast's parser reports through its callbacks.
class request_parser::sink final : public beast::http::basic_parser<true> {
public:
  explicit sink(std::size_t target_limit) : target_limit_(target_limit) {}

  request_head head;
  std::string body;
  bool has_request_line = false;
  bool target_too_long = false;
  bool reserves = true;         ///< reserve memory for the whole body at once
  std::uint64_t chunk_left = 0; ///< bytes of the current chunk that were not received yet

private:
  void on_request_impl(beast::http::verb /*verb*/, beast::string_view verb, beast::string_view target, int version,
                       error_code& ec) override {
    has_request_line = true;
    target_too_long = target.size() > target_limit_;
    if (target_too_long) {
      ec = beast_error::bad_target;
      return;
    }
    constexpr int version_1_0 = 10;
    head.set_request_line(http::parse_method(std_view(verb)), std_view(target), version == version_1_0);
    ec = {};
  }

  void on_response_impl(int /*status*/, beast::string_view /*reason*/, int /*version*/, error_code& ec) override {
    ec = beast_error::bad_method; // never called for a request parser
  }

  void on_field_impl(beast::http::field /*field*/, beast::string_view name, beast::string_view value,
                     error_code& ec) override {
    // A trailer must not be treated as a header (RFC 9110 section 6.5.1).
    if (!header_done_)
      head.add_header(std_view(name), std_view(value));
    ec = {};
  }

  void on_header_impl(error_code& ec) override {
    header_done_ = true;
    ec = {};
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code& ec) override {
    if (length && reserves)
      body.reserve(static_cast<std::size_t>(*length)); // bounded: set_body_limit() has checked it
    ec = {};
  }

  std::size_t on_body_impl(beast::string_view part, error_code& ec) override {
    body.append(part.data(), part.size());
    ec = {};
    return part.size();
  }

  void on_chunk_header_impl(std::uint64_t size, beast::string_view /*extensions*/, error_code& ec) override {
    chunk_left = size;
    ec = {};
  }

  std::size_t on_chunk_body_impl(std::uint64_t remain, beast::string_view part, error_code& ec) override {
    body.append(part.data(), part.size());
    chunk_left = remain - part.size();
    ec = {};
    return part.size();
  }

  void on_finish_impl(error_code& ec) override { ec = {}; }

  std::size_t target_limit_;
  bool header_done_ = false;
};

request_parser::request_parser(parser_limits limits) : limits_(limits) {
  reset();
}

request_parser::~request_parser() = default;

void request_parser::reset() {
  sink_ = std::make_unique<sink>(limits_.target);
  // head_bytes_ enforces the limit, because Beast restarts its count after each complete field. Beast's limit only must
  // not be smaller.
  sink_->header_limit(static_cast<std::uint32_t>(limits_.header + 1));
  sink_->body_limit(boost::none);
  head_bytes_ = 0;
  body_wire_bytes_ = 0;
  body_bytes_ = 0;
  barren_bytes_ = 0;
  body_limit_ = 0;
  streamed_ = false;
  expects_continue_ = false;
  failure_status_ = 0;
  failure_message_ = {};
}

bool request_parser::started() const noexcept {
  return head_bytes_ > 0 || sink_->got_some();
}

bool request_parser::expects_continue() const noexcept {
  return expects_continue_ && !sink_->is_done();
}

bool request_parser::keep_alive() const noexcept {
  return sink_->is_header_done() && sink_->keep_alive();
}

request_head& request_parser::head() noexcept {
  return sink_->head;
}

request request_parser::take() {
  // Exchanged, not just moved from: for a streamed body the parser continues and needs a valid, empty head.
  return request{std::exchange(sink_->head, {}), std::exchange(sink_->body, {})};
}

std::string request_parser::take_body() {
  return std::exchange(sink_->body, {});
}

request_parser::progress request_parser::fail(int status, std::string_view message) {
  failure_status_ = status;
  failure_message_ = message;
  if (sink_->head.correlation_id().empty()) {
    // Sets the correlation ID for the error response. An invalid target does not matter here.
    static_cast<void>(sink_->head.decode());
  }
  return progress::failed;
}

request_parser::progress request_parser::feed(std::string_view data, std::size_t& consumed) {
  consumed = 0;
  if (failure_status_ != 0)
    return progress::failed;
  return sink_->is_header_done() ? feed_body(data, consumed) : feed_head(data, consumed);
}

request_parser::progress request_parser::feed_head(std::string_view data, std::size_t& consumed) {
  if (!started()) {
    // Empty lines before a request line are ignored (RFC 9112 section 2.2).
    while (data.substr(0, 2) == "\r\n") {
      data.remove_prefix(2);
      consumed += 2;
    }
    if (data.empty() || data == "\r")
      return progress::need_more;
  }
  while (!data.empty()) {
    error_code ec;
    const std::size_t used = sink_->put(boost::asio::const_buffer(data.data(), data.size()), ec);
    data.remove_prefix(used);
    consumed += used;
    head_bytes_ += used;
    const bool done = sink_->is_header_done();
    if (ec == beast_error::header_limit || head_bytes_ + (done ? 0 : data.size()) > limits_.header)
      return fail_too_long(data);
    if (ec && ec != beast_error::need_more)
      return fail_with_parser_error(ec == beast_error::bad_version, data);
    if (done)
      return check_head();
    if (ec || used == 0)
      break;
  }
  return progress::need_more;
}

request_parser::progress request_parser::fail_too_long(std::string_view unread) {
  // Beast may not have parsed the request line yet, because it parses it together with more input.
  if (!sink_->has_request_line && unread.substr(0, unread.find('\n')).size() > limits_.target)
    return fail(414, "The request target is too long");
  return fail(431, "Request line and header are too long");
}

request_parser::progress request_parser::fail_with_parser_error(bool bad_version, std::string_view unread) {
  if (sink_->target_too_long)
    return fail(414, "The request target is too long");
  if (bad_version && names_other_version(unread.substr(0, unread.find('\n'))))
    return fail(505, {});
  return fail(400, sink_->has_request_line ? "Malformed header" : "Malformed request line");
}

request_parser::progress request_parser::check_head() {
  auto& head = sink_->head;
  const auto decoded = head.decode();
  if (!decoded)
    return fail(400, "Malformed request target");
  const std::size_t hosts = head.header_count("Host");
  if (hosts > 1 || (hosts == 0 && !head.is_http_1_0()))
    return fail(400, "Exactly one Host header is needed");
  return check_framing();
}

request_parser::progress request_parser::check_framing() {
  const auto& head = sink_->head;
  const std::size_t lengths = head.header_count("Content-Length");
  const std::size_t codings = head.header_count("Transfer-Encoding");
  if (lengths > 1 || codings > 1 || (lengths == 1 && codings == 1))
    return fail(400, "Ambiguous length of the body");
  if (lengths == 1 && !core::is_digits(*head.header("Content-Length")))
    return fail(400, "Malformed Content-Length");
  if (codings == 1) {
    if (head.is_http_1_0())
      return fail(400, "Transfer-Encoding is not part of HTTP/1.0");
    if (!core::equals_ignoring_case(*head.header("Transfer-Encoding"), "chunked"))
      return fail(501, {});
  }
  const bool wants_body = head.verb() == method::post || head.verb() == method::put || head.verb() == method::patch;
  if (wants_body && lengths == 0 && codings == 0)
    return fail(411, {});
  const auto expectation = head.joined_header("Expect");
  if (expectation && !head.is_http_1_0()) {
    if (!core::equals_ignoring_case(*expectation, "100-continue"))
      return fail(417, {});
    expects_continue_ = true;
  }
  return progress::head;
}

bool request_parser::set_body_limit(std::size_t limit) {
  body_limit_ = limit;
  const auto length = sink_->content_length();
  if (length && *length > limit) {
    static_cast<void>(fail(413, {}));
    return false;
  }
  if (!sink_->is_done())
    sink_->body_limit(limit);
  return true;
}

std::size_t request_parser::max_body() const {
  if (sink_->is_done())
    return 0;
  const auto length = sink_->content_length();
  return length ? static_cast<std::size_t>(*length) : body_limit_;
}

void request_parser::stream_body() {
  streamed_ = true;
  sink_->reserves = false;
}

// A streamed body has no size limit that would bound its framing. So the framing is limited in proportion to the body
// received so far, and in length between two bytes of the body.
bool request_parser::wastes_the_wire(std::size_t used, std::size_t gained) noexcept {
  body_bytes_ += gained;
  barren_bytes_ = gained > 0 ? 0 : barren_bytes_ + used;
  return barren_bytes_ > limits_.header || body_wire_bytes_ > body_bytes_ * chunk_overhead_factor + limits_.header;
}

request_parser::progress request_parser::feed_body(std::string_view data, std::size_t& consumed) {
  while (!sink_->is_done()) {
    const bool between_chunks = sink_->chunked() && sink_->chunk_left == 0;
    if (data.empty() || (between_chunks && data.size() < min_chunked_rest))
      return progress::need_more;
    error_code ec;
    const std::size_t size_before = sink_->body.size();
    const std::size_t used = sink_->put(boost::asio::const_buffer(data.data(), data.size()), ec);
    data.remove_prefix(used);
    consumed += used;
    body_wire_bytes_ += used;
    if (ec == beast_error::need_more)
      return progress::need_more;
    if (ec == beast_error::body_limit)
      return fail(413, {});
    if (ec)
      return fail(400, "Malformed body");
    if (!sink_->chunked())
      continue;
    const bool too_much = streamed_
                            ? wastes_the_wire(used, sink_->body.size() - size_before)
                            : body_wire_bytes_ > std::uint64_t{body_limit_} * chunk_overhead_factor + limits_.header;
    if (too_much)
      return fail(413, {});
  }
  return progress::complete;
}

} // namespace cm::http
