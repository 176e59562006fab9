// A connection to a service, with or without TLS, that never waits by itself.
#pragma once

#include "client/service_url.hpp"
#include "core/base/error.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

struct ssl_st;
struct ssl_ctx_st;

namespace cm::client {

using clock = std::chrono::steady_clock;

/// PEM files; each may be empty.
struct tls_files {
  std::string authorities; ///< empty: the system's
  std::string certificate;
  std::string key;
};

/// What a step came to.
struct transport_step {
  enum class kind : std::uint8_t {
    moved, ///< `size` bytes, at least one
    reads, ///< nothing yet: to be repeated when the socket can be read
    writes,
    ended,  ///< the peer has closed its side in order
    failed, ///< `why`
  };

  kind what = kind::failed;
  std::size_t size = 0;
  std::string why{};
};

class transport {
public:
  /// Connects to the first address of the host that takes it, and shakes hands where the URL is https: TLS 1.2 or
  /// newer, with the chain and the host's name checked. Waits until `deadline` at the longest, but for the look-up of
  /// the name, which the system bounds.
  /// @return errc::unavailable where that fails; errc::invalid for a file of `files` that cannot be used
  [[nodiscard]] static core::expected<transport> open(const service_url& to, const tls_files& files,
                                                      clock::time_point deadline);

  [[nodiscard]] transport_step read(std::span<char> into);
  [[nodiscard]] transport_step write(std::string_view bytes);

  /// For poll().
  [[nodiscard]] int descriptor() const noexcept { return socket_.fd; }

private:
  struct socket_handle {
    int fd = -1;

    socket_handle() = default;

    explicit socket_handle(int with) noexcept : fd(with) {}

    socket_handle(socket_handle&& other) noexcept : fd(std::exchange(other.fd, -1)) {}

    socket_handle& operator=(socket_handle&& other) noexcept {
      std::swap(fd, other.fd);
      return *this;
    }

    socket_handle(const socket_handle&) = delete;
    socket_handle& operator=(const socket_handle&) = delete;
    ~socket_handle();
  };

  struct release {
    void operator()(ssl_st* of) const noexcept;
    void operator()(ssl_ctx_st* of) const noexcept;
  };

  transport() = default;

  core::expected<void> connect(const service_url& to, clock::time_point deadline);
  core::expected<void> shake_hands(const service_url& to, const tls_files& files, clock::time_point deadline);
  transport_step tls_step(int result);

  socket_handle socket_;
  std::unique_ptr<ssl_ctx_st, release> context_;
  std::unique_ptr<ssl_st, release> tls_; // null: plain
};

} // namespace cm::client
