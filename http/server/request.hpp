// A decoded HTTP request that owns its data, independent of socket and parser.
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

/// "GET" etc.; "" for `other`.
[[nodiscard]] std::string_view to_string(method verb) noexcept;

/// Case-sensitive (RFC 9110 section 9.1).
[[nodiscard]] method parse_method(std::string_view text) noexcept;

/// Request line and header section. All text is stored in one string; views into it are valid until the request is
/// modified or moved.
class request_head {
public:
  struct field {
    std::string_view name;
    std::string_view value;
  };

  request_head() = default;

  /// Sets the request line. The target is stored as received; call decode() before reading path and query.
  void set_request_line(method verb, std::string_view target, bool http_1_0);

  void add_header(std::string_view name, std::string_view value);

  /// Extracts path segments, query parameters and the correlation ID (the `Correlation-ID` header if it consists of
  /// 1 to 128 visible ASCII characters, otherwise a new random UUID).
  /// @return errc::invalid if the target is not in origin-form, absolute-form (RFC 9112 section 3.2) or `*`, or is
  ///   percent-encoded incorrectly. The correlation ID is set even then.
  [[nodiscard]] core::expected<void> decode();

  [[nodiscard]] method verb() const noexcept { return verb_; }

  [[nodiscard]] bool is_http_1_0() const noexcept { return http_1_0_; }

  /// As received.
  [[nodiscard]] std::string_view target() const noexcept { return text(target_); }

  /// The path as received, not decoded, without the query.
  [[nodiscard]] std::string_view path() const noexcept { return text(path_); }

  /// Number of path segments. One empty segment at the end (a trailing slash) does not count; other empty ones do.
  [[nodiscard]] std::size_t segment_count() const noexcept { return segments_.size(); }

  /// Decoded.
  /// @pre index < segment_count()
  [[nodiscard]] std::string_view segment(std::size_t index) const noexcept { return text(segments_[index]); }

  /// Whether the path ends with a slash, which segment_count() ignores; true for the root path `/`.
  [[nodiscard]] bool has_trailing_slash() const noexcept { return path().ends_with('/'); }

  /// The names of all query parameters, decoded (`+` is a space), in order and with repetitions; "" for one without a
  /// name (`?=1`). Empty parameters, as in `?` and `?a&&b`, are ignored.
  [[nodiscard]] std::vector<std::string_view> parameter_names() const;

  /// All values of a query parameter, decoded (`+` is a space), in order.
  [[nodiscard]] std::vector<std::string_view> parameters(std::string_view name) const;

  /// The value of the first header with that name (case-insensitive).
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept;

  /// The values of all headers with that name, joined by ", " (RFC 9110 section 5.3); nullopt if there is none.
  [[nodiscard]] std::optional<std::string> joined_header(std::string_view name) const;

  /// Number of headers with that name.
  [[nodiscard]] std::size_t header_count(std::string_view name) const noexcept;

  [[nodiscard]] std::vector<field> headers() const;

  [[nodiscard]] const std::string& correlation_id() const noexcept { return correlation_id_; }

  /// IP address of the peer without its port, for example "192.0.2.1".
  [[nodiscard]] const std::string& remote_address() const noexcept { return remote_address_; }

  /// Bytes that this object has allocated.
  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return text_.capacity() + headers_.capacity() * sizeof(named_span) + segments_.capacity() * sizeof(span)
           + parameters_.capacity() * sizeof(named_span);
  }

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

  [[nodiscard]] std::string_view text(span range) const noexcept {
    return std::string_view{text_}.substr(range.offset, range.length);
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

/// A request with its body. The body may contain a token or a password: the destructor wipes it.
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
