// A request as the rest of CM reads it: decoded, bounded, owned. No socket, no parser.
#pragma once

#include "core/base/error.hpp"
#include "core/base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cm::http {

enum class method : std::uint8_t { get, head, post, put, patch, delete_, options, other };

/// "GET" and so on; "" for `other`.
[[nodiscard]] std::string_view to_string(method verb) noexcept;

/// Case-sensitive, as RFC 9110 section 9.1 wants it.
[[nodiscard]] method parse_method(std::string_view text) noexcept;

/// Case-insensitive comparison of ASCII text: field names, media types, tokens.
[[nodiscard]] bool equals_ignoring_case(std::string_view left, std::string_view right) noexcept;

/// Everything before the body. All text lives in one string; views stay good as long as the request is not changed
/// or moved.
class request_head {
public:
  struct field {
    std::string_view name;
    std::string_view value;
  };

  request_head() = default;

  /// Takes the request line. The target is kept as it came; decode() has to follow before path and query are read.
  void set_request_line(method verb, std::string_view target, bool http_1_0);

  void add_header(std::string_view name, std::string_view value);

  /// Takes target and headers apart: path segments, query parameters, correlation ID (from the header when that is
  /// 1 to 128 visible ASCII characters, else a new random UUID).
  /// @return errc::invalid when the target is no origin-form, absolute-form (RFC 9112 section 3.2) or `*`, or is
  ///   wrongly percent-encoded. The correlation ID is set in any case.
  [[nodiscard]] core::expected<void> decode();

  [[nodiscard]] method verb() const noexcept { return verb_; }

  [[nodiscard]] bool is_http_1_0() const noexcept { return http_1_0_; }

  /// As it came.
  [[nodiscard]] std::string_view target() const noexcept { return text(target_); }

  /// The path as it came, without the query; never decoded.
  [[nodiscard]] std::string_view path() const noexcept { return text(path_); }

  /// Decoded. One empty segment at the end (a trailing slash) is left out; other empty ones are kept.
  [[nodiscard]] std::size_t segment_count() const noexcept { return segments_.size(); }

  /// @pre index < segment_count()
  [[nodiscard]] std::string_view segment(std::size_t index) const noexcept { return text(segments_[index]); }

  /// Whether the path ends with a slash that segment_count() left out; the root path `/` does.
  [[nodiscard]] bool has_trailing_slash() const noexcept { return path().ends_with('/'); }

  /// The names of all query parameters, decoded (`+` is a space), in their order, repeated where they are; "" for one
  /// without a name (`?=1`). One that is wholly empty, as in `?` and `?a&&b`, is no parameter.
  [[nodiscard]] std::vector<std::string_view> parameter_names() const;

  /// All values of a query parameter, decoded (`+` is a space), in their order.
  [[nodiscard]] std::vector<std::string_view> parameters(std::string_view name) const;

  /// The first header of that name (any case).
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept;

  /// All headers of that name joined by ", " (RFC 9110 section 5.3); nothing when there is none.
  [[nodiscard]] std::optional<std::string> joined_header(std::string_view name) const;

  /// How many headers of that name there are.
  [[nodiscard]] std::size_t header_count(std::string_view name) const noexcept;

  [[nodiscard]] std::vector<field> headers() const;

  [[nodiscard]] const std::string& correlation_id() const noexcept { return correlation_id_; }

  /// Address of the peer without its port, "192.0.2.1".
  [[nodiscard]] const std::string& remote_address() const noexcept { return remote_address_; }

  void set_remote_address(std::string address) { remote_address_ = std::move(address); }

private:
  struct span {
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
  };

  struct named_span {
    span name;
    span value;
  };

  [[nodiscard]] std::string_view text(span where) const noexcept {
    return std::string_view{text_}.substr(where.offset, where.length);
  }

  [[nodiscard]] span store(std::string_view bytes);
  void set_correlation_id();

  std::string text_;
  std::vector<named_span> headers_;
  std::vector<span> segments_;
  std::vector<named_span> parameters_;
  std::string correlation_id_;
  std::string remote_address_;
  span target_;
  span path_;
  method verb_ = method::other;
  bool http_1_0_ = false;
};

/// A request with its body. The body may hold a token or a password: it is wiped when the request goes.
class request : public request_head {
public:
  request() = default;
  request(request_head head, std::string body);
  request(const request&) = delete;
  request(request&&) noexcept = default;
  request& operator=(const request&) = delete;
  request& operator=(request&& other) noexcept;
  ~request();

  [[nodiscard]] std::string_view body() const noexcept { return body_; }

private:
  std::string body_;
};

} // namespace cm::http
