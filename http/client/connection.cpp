#include "http/client/connection.hpp"

#include "core/base/try.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/ssl/error.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <utility>

namespace cm::http {

namespace {

namespace net = boost::asio;
using tcp = net::ip::tcp;
using boost::system::error_code;

core::error unreachable(std::string what) {
  return core::make_error(core::errc::unavailable, std::move(what));
}

// What getaddrinfo() has reported, in the words of the system.
std::string resolution_failure(error_code ec) {
  const std::array<std::pair<error_code, int>, 4> known{{{net::error::host_not_found, EAI_NONAME},
                                                         {net::error::host_not_found_try_again, EAI_AGAIN},
                                                         {net::error::no_recovery, EAI_FAIL},
                                                         {net::error::service_not_found, EAI_SERVICE}}};
  for (const auto& [code, number] : known) {
    if (ec == code)
      return ::gai_strerror(number);
  }
  return ec.message();
}

std::string tls_reason(unsigned long code) {
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "unknown error" : reason;
}

std::string last_tls_error() {
  const auto code = ERR_get_error();
  ERR_clear_error();
  return tls_reason(code);
}

core::expected<void> use_files(SSL_CTX* context, const tls_files& files) {
  const auto unusable = [](const tls_file& file) {
    const auto name = file.purpose.empty() ? file.path : file.purpose + ' ' + file.path;
    return core::make_error(core::errc::invalid, name + " cannot be used: " + last_tls_error());
  };
  const auto& [authorities, certificate, key] = files;
  if (authorities.path.empty())
    SSL_CTX_set_default_verify_paths(context);
  else if (SSL_CTX_load_verify_file(context, authorities.path.c_str()) != 1)
    return unusable(authorities);
  // Do not prompt for the password of an encrypted key.
  SSL_CTX_set_default_passwd_cb(context, [](char*, int, int, void*) { return -1; });
  if (!certificate.path.empty() && SSL_CTX_use_certificate_chain_file(context, certificate.path.c_str()) != 1)
    return unusable(certificate);
  if (!key.path.empty() && SSL_CTX_use_PrivateKey_file(context, key.path.c_str(), SSL_FILETYPE_PEM) != 1)
    return unusable(key);
  return {};
}

bool is_address(const std::string& host) {
  in6_addr any{};
  return ::inet_pton(AF_INET, host.c_str(), &any) == 1 || ::inet_pton(AF_INET6, host.c_str(), &any) == 1;
}

// Sets the host name or address to verify in the certificate, and the host name for SNI.
bool expect_host(SSL* tls, std::string host) {
  if (is_address(host))
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), host.c_str()) == 1;
  return SSL_set1_host(tls, host.c_str()) == 1
         && SSL_ctrl(tls, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host.data()) == 1;
}

} // namespace

client_connection::~client_connection() {
  close();
}

std::string client_connection::reason_of(error_code ec) {
  if (ec == net::error::timed_out)
    return "no answer in time";
  if (ec == net::error::eof)
    return "the connection was closed";
  if (ec == net::ssl::error::stream_truncated)
    return "unexpected eof while reading"; // as OpenSSL calls it
  if (ec.category() == net::error::get_ssl_category())
    return tls_reason(static_cast<unsigned int>(ec.value()));
  return ec.message();
}

bool client_connection::run_one(clock::time_point deadline) {
  io_.restart();
  return (deadline == clock::time_point::max() ? io_.run_one() : io_.run_one_until(deadline)) > 0;
}

void client_connection::close() {
  error_code ignored; // the connection is not used again
  if (watch_)
    watch_->close(ignored);
  socket_.close(ignored);
  io_.restart();
  io_.run();
}

// Starts an operation and runs it until it completes; timed_out at the deadline, after which the connection is closed.
template <class Start>
error_code client_connection::await(clock::time_point deadline, Start start) {
  std::optional<error_code> result;
  start([&result](error_code ec, std::size_t /*bytes*/ = 0) { result = ec; });
  while (!result && run_one(deadline)) {
  }
  if (result)
    return *result;
  close();
  return net::error::timed_out;
}

core::expected<void> client_connection::open(const server_address& to, const tls_files& files,
                                             clock::time_point deadline) {
  CM_TRY_VOID(connect(to, deadline));
  if (to.tls)
    CM_TRY_VOID(start_tls(to, files, deadline));
  return {};
}

core::expected<void> client_connection::connect(const server_address& to, clock::time_point deadline) {
  error_code ec;
  net::ip::basic_resolver<tcp, executor> resolver{io_.get_executor()};
  const auto found = resolver.resolve(to.host, to.port, net::ip::resolver_base::numeric_service, ec);
  if (ec)
    return unreachable("cannot find " + to.host + ": " + resolution_failure(ec));
  ec = net::error::address_family_not_supported;
  for (const auto& entry : found) {
    error_code ignored;
    socket_.close(ignored);
    ec = await(deadline, [&](auto done) { socket_.async_connect(entry.endpoint(), done); });
    if (!ec) {
      socket_.set_option(tcp::no_delay(true), ignored);
      return {};
    }
    if (ec == net::error::timed_out)
      break;
  }
  return unreachable("cannot connect to " + to.authority + ": " + reason_of(ec));
}

core::expected<void> client_connection::start_tls(const server_address& to, const tls_files& files,
                                                  clock::time_point deadline) {
  ERR_clear_error();
  auto* const context = context_.emplace(net::ssl::context::tls_client).native_handle();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  CM_TRY_VOID(use_files(context, files));
  auto* const tls = tls_.emplace(socket_, *context_).native_handle();
  if (!expect_host(tls, to.host))
    return unreachable("TLS: " + last_tls_error());
  const auto ec = await(deadline, [&](auto done) { tls_->async_handshake(net::ssl::stream_base::client, done); });
  if (!ec)
    return {};
  const auto verdict = SSL_get_verify_result(tls);
  return unreachable("no TLS with " + to.authority + ": "
                     + (verdict != X509_V_OK && ec != net::error::timed_out
                          ? std::string(X509_verify_cert_error_string(verdict))
                          : reason_of(ec)));
}

void client_connection::read_some(std::span<char> into, handler done) {
  const auto buffer = net::buffer(into.data(), into.size());
  if (tls_)
    tls_->async_read_some(buffer, std::move(done));
  else
    socket_.async_read_some(buffer, std::move(done));
}

void client_connection::write_some(std::string_view bytes, handler done) {
  const auto buffer = net::buffer(bytes.data(), bytes.size());
  if (tls_)
    tls_->async_write_some(buffer, std::move(done));
  else
    socket_.async_write_some(buffer, std::move(done));
}

void client_connection::wait_readable(int descriptor, handler done) {
  // Asio would make the descriptor non-blocking, and other processes that share a terminal or pipe would notice. So it
  // waits for an epoll instance that watches the descriptor.
  if (!watch_) {
    const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    epoll_event event{};
    event.events = EPOLLIN;
    if (epoll < 0 || ::epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) != 0) {
      const error_code ec{errno, boost::system::system_category()};
      if (epoll >= 0)
        ::close(epoll);
      return done(ec, 0);
    }
    watch_.emplace(io_.get_executor(), epoll);
  }
  watch_->async_wait(descriptor_watch::wait_read, [done = std::move(done)](error_code ec) { done(ec, 0); });
}

} // namespace cm::http
