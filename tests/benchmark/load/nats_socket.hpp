// One connection to nats-server without a library, so that the load generator leaves the CPU time to the responder.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace cm::benchmark {

/// Nanoseconds of the monotonic clock.
[[nodiscard]] std::int64_t monotonic_ns() noexcept;

struct nats_address {
  std::string host; ///< a numeric IPv4 address
  std::uint16_t port = 0;
  std::string username;
  std::string password;
};

/// Non-blocking, for one thread. All errors are std::runtime_error, without the password in the message.
class nats_socket {
public:
  /// Connects and authenticates within 5 s.
  explicit nats_socket(const nats_address& address);
  ~nats_socket();
  nats_socket(const nats_socket&) = delete;
  nats_socket& operator=(const nats_socket&) = delete;

  /// Sends the command and waits until the server has processed it.
  void subscribe(std::string_view subject);

  /// Appends `size` bytes to the send buffer, for the caller to fill; valid until the next call.
  [[nodiscard]] char* append(std::size_t size) {
    if (out_end_ + size > out_.size())
      out_.resize(std::max(out_.size() * 2, out_end_ + size));
    char* appended = out_.data() + out_end_;
    out_end_ += size;
    return appended;
  }

  void append(std::string_view bytes) { std::memcpy(append(bytes.size()), bytes.data(), bytes.size()); }

  /// Writes as much as the socket accepts.
  void flush();

  /// Waits until the socket is readable, or writable if there is pending output, or until the given time.
  /// @param until by monotonic_ns
  void wait(std::int64_t until) const;

  /// Reads available bytes, up to the size of the buffer; false if there are none.
  bool receive();

  /// Calls on_message(subject, payload) for each complete message; the views are valid until the next receive. PINGs
  /// are answered with the next flush; an -ERR of the server is an exception.
  template <typename OnMessage>
  void parse(OnMessage&& on_message) {
    for (;;) {
      const char* at = in_.data() + in_begin_;
      const std::size_t left = in_end_ - in_begin_;
      const auto* newline = left == 0 ? nullptr : static_cast<const char*>(std::memchr(at, '\n', left));
      if (newline == nullptr)
        break;
      const auto line_size = static_cast<std::size_t>(newline - at) + 1;
      if (left < 4 || std::memcmp(at, "MSG ", 4) != 0) {
        control({at, line_size - 1});
        in_begin_ += line_size;
        continue;
      }
      // MSG <subject> <sid> <size>\r\n: without a reply subject, because this client only receives answers.
      const auto* subject_end = static_cast<const char*>(std::memchr(at + 4, ' ', line_size - 4));
      const char* digit = newline - 2;
      std::size_t size = 0;
      for (std::size_t scale = 1; digit > at && *digit >= '0' && *digit <= '9'; --digit, scale *= 10)
        size += static_cast<std::size_t>(*digit - '0') * scale;
      if (subject_end == nullptr || *digit != ' ' || size > max_payload)
        throw std::runtime_error("a line that is no message of NATS");
      if (left < line_size + size + 2)
        break;
      on_message(std::string_view(at + 4, static_cast<std::size_t>(subject_end - at) - 4),
                 std::string_view(newline + 1, size));
      in_begin_ += line_size + size + 2;
    }
  }

private:
  static constexpr std::size_t max_payload = std::size_t{1} << 20U;

  void control(std::string_view line);
  void expect_pong();

  int fd_ = -1;
  std::vector<char> out_ = std::vector<char>(std::size_t{1} << 18U);
  std::size_t out_begin_ = 0;
  std::size_t out_end_ = 0;
  std::vector<char> in_ = std::vector<char>(std::size_t{4} << 20U);
  std::size_t in_begin_ = 0;
  std::size_t in_end_ = 0;
  bool ponged_ = false;
};

} // namespace cm::benchmark
