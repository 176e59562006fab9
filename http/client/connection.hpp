// One connection of the HTTP client, with or without TLS, on an I/O loop of its own.
#pragma once

#include "core/base/error.hpp"
#include "http/client/server_address.hpp"
#include "http/client/tls_files.hpp"

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cm::http {

/// Operations are started, and complete in run_one(), in the thread that calls it. At most one read, one write and one
/// wait may be outstanding; their buffers must live until their handlers were called. close() calls all of them.
class client_connection {
public:
  using clock = std::chrono::steady_clock;
  using error_code = boost::system::error_code;
  using handler = std::function<void(error_code, std::size_t)>;

  client_connection() = default;
  client_connection(const client_connection&) = delete;
  client_connection& operator=(const client_connection&) = delete;
  ~client_connection();

  /// Connects to the first address of the host that accepts the connection. For https it performs the TLS handshake:
  /// TLS 1.2 or newer, and the certificate chain and the host name must be valid. Blocks until `deadline` at most,
  /// except for the name resolution, which has the time limits of the system. Call it once.
  /// @return errc::unavailable if that fails; errc::invalid if one of `files` cannot be used
  [[nodiscard]] core::expected<void> open(const server_address& to, const tls_files& files, clock::time_point deadline);

  /// Completes with boost::asio::error::eof when the peer has closed its side properly.
  void read_some(std::span<char> into, handler done);
  void write_some(std::string_view bytes, handler done);

  /// Completes when another descriptor is readable. Leaves the flags of that descriptor alone.
  void wait_readable(int descriptor, handler done);

  /// Runs until something happens, which may be a handler's call. Returns false after `deadline`.
  /// @param deadline clock::time_point::max(): none
  bool run_one(clock::time_point deadline);

  /// Aborts what is outstanding: the handlers are called with an error before this function returns.
  void close();

  /// Describes the error of an operation, for messages.
  [[nodiscard]] static std::string reason_of(error_code ec);

private:
  using executor = boost::asio::io_context::executor_type;
  using tcp_socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, executor>;
  using descriptor_watch = boost::asio::posix::basic_stream_descriptor<executor>;

  core::expected<void> connect(const server_address& to, clock::time_point deadline);
  core::expected<void> start_tls(const server_address& to, const tls_files& files, clock::time_point deadline);
  template <class Start>
  error_code await(clock::time_point deadline, Start start);

  boost::asio::io_context io_{1};
  tcp_socket socket_{io_.get_executor()};
  std::optional<boost::asio::ssl::context> context_;
  std::optional<boost::asio::ssl::stream<tcp_socket&>> tls_; // empty: without TLS
  std::optional<descriptor_watch> watch_;
};

} // namespace cm::http
