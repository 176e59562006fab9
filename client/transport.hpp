// A non-blocking connection to a service, with or without TLS.
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
  std::string authorities; ///< empty: the system's trust store
  std::string certificate;
  std::string key;
};

/// The result of a read or write.
struct transport_step {
  enum class kind : std::uint8_t {
    moved,  ///< transferred `size` bytes, at least one
    reads,  ///< no progress: repeat it when the socket is readable
    writes, ///< no progress: repeat it when the socket is writable
    ended,  ///< the peer has closed its side properly
    failed, ///< for the reason `why`
  };

  kind what = kind::failed;
  std::size_t size = 0;
  std::string why{};
};

class transport {
public:
  /// Connects to the first address of the host that accepts the connection. For https it performs the TLS handshake:
  /// TLS 1.2 or newer, verifies the certificate chain and the host name. Blocks until `deadline` at most, except for
  /// the name resolution, which has the timeout of the system.
  /// @return errc::unavailable if that fails; errc::invalid if one of `files` cannot be used
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
  core::expected<void> tls_handshake(const service_url& to, const tls_files& files, clock::time_point deadline);
  transport_step tls_step(int result);

  socket_handle socket_;
  std::unique_ptr<ssl_ctx_st, release> context_;
  std::unique_ptr<ssl_st, release> tls_; // null: without TLS
};

} // namespace cm::client
