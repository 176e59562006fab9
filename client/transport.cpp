#include "client/transport.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <limits>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace cm::client {

namespace {

using kind = transport_step::kind;

core::error unreachable(std::string what) {
  return core::make_error(core::errc::unavailable, std::move(what));
}

std::string reason_of(int number) {
  return std::generic_category().message(number);
}

// Waits for the events; returns false if the deadline passes first.
bool wait_for(int fd, short events, clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock::now()).count();
    pollfd watched{fd, events, 0};
    const int count =
      ::poll(&watched, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max())));
    if (count > 0)
      return true;
    if (count == 0 || errno != EINTR)
      return false;
  }
}

// Returns 0 or an errno value.
int connect_to(int fd, const addrinfo& address, clock::time_point deadline) {
  if (::connect(fd, address.ai_addr, address.ai_addrlen) == 0)
    return 0;
  if (errno != EINPROGRESS)
    return errno;
  if (!wait_for(fd, POLLOUT, deadline))
    return ETIMEDOUT;
  int number = 0;
  socklen_t size = sizeof number;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &size) == 0 ? number : errno;
}

std::string last_tls_error() {
  const auto code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "unknown error" : reason;
}

core::expected<void> use_files(SSL_CTX* context, const tls_files& files) {
  const auto wrong = [](const std::string& option, const std::string& file) {
    return core::make_error(core::errc::invalid, option + ' ' + file + " cannot be used: " + last_tls_error());
  };
  if (files.authorities.empty())
    SSL_CTX_set_default_verify_paths(context);
  else if (SSL_CTX_load_verify_file(context, files.authorities.c_str()) != 1)
    return wrong("--ca-file", files.authorities);
  // Do not prompt for the password of an encrypted key.
  SSL_CTX_set_default_passwd_cb(context, [](char*, int, int, void*) { return -1; });
  if (!files.certificate.empty() && SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1)
    return wrong("--certificate-file", files.certificate);
  if (!files.key.empty() && SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1)
    return wrong("--key-file", files.key);
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

transport::socket_handle::~socket_handle() {
  if (fd >= 0)
    ::close(fd);
}

void transport::release::operator()(ssl_st* of) const noexcept {
  SSL_free(of);
}

void transport::release::operator()(ssl_ctx_st* of) const noexcept {
  SSL_CTX_free(of);
}

core::expected<transport> transport::open(const service_url& to, const tls_files& files, clock::time_point deadline) {
  transport result;
  if (const auto done = result.connect(to, deadline); !done)
    return done.error();
  if (to.tls) {
    if (const auto done = result.tls_handshake(to, files, deadline); !done)
      return done.error();
  }
  return result;
}

core::expected<void> transport::connect(const service_url& to, clock::time_point deadline) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int number = ::getaddrinfo(to.host.c_str(), to.port.c_str(), &hints, &found);
  if (number != 0)
    return unreachable("cannot find " + to.host + ": "
                       + (number == EAI_SYSTEM ? reason_of(errno) : std::string(::gai_strerror(number))));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, &::freeaddrinfo);
  int last = EADDRNOTAVAIL;
  for (const auto* address = found; address != nullptr; address = address->ai_next) {
    socket_ =
      socket_handle{::socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, address->ai_protocol)};
    last = socket_.fd < 0 ? errno : connect_to(socket_.fd, *address, deadline);
    if (last == 0) {
      const int on = 1;
      ::setsockopt(socket_.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      return {};
    }
    if (last == ETIMEDOUT)
      break;
  }
  return unreachable("cannot connect to " + to.authority + ": "
                     + (last == ETIMEDOUT ? std::string("no answer in time") : reason_of(last)));
}

core::expected<void> transport::tls_handshake(const service_url& to, const tls_files& files,
                                              clock::time_point deadline) {
  ERR_clear_error();
  context_.reset(SSL_CTX_new(TLS_client_method()));
  if (!context_)
    return unreachable("TLS: " + last_tls_error());
  SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (const auto used = use_files(context_.get(), files); !used)
    return used.error();
  tls_.reset(SSL_new(context_.get()));
  if (!tls_ || SSL_set_fd(tls_.get(), socket_.fd) != 1 || !expect_host(tls_.get(), to.host))
    return unreachable("TLS: " + last_tls_error());
  for (;;) {
    const int result = SSL_connect(tls_.get());
    if (result == 1)
      return {};
    const auto step = tls_step(result);
    if (step.what != kind::reads && step.what != kind::writes) {
      const auto verdict = SSL_get_verify_result(tls_.get());
      return unreachable("no TLS with " + to.authority + ": "
                         + (verdict != X509_V_OK       ? std::string(X509_verify_cert_error_string(verdict))
                            : step.what == kind::ended ? std::string("the connection was closed")
                                                       : step.why));
    }
    if (!wait_for(socket_.fd, step.what == kind::reads ? POLLIN : POLLOUT, deadline))
      return unreachable("no TLS with " + to.authority + ": no answer in time");
  }
}

transport_step transport::tls_step(int result) {
  if (result > 0)
    return {kind::moved, static_cast<std::size_t>(result)};
  const int number = errno;
  switch (SSL_get_error(tls_.get(), result)) {
  case SSL_ERROR_WANT_READ:
    return {kind::reads};
  case SSL_ERROR_WANT_WRITE:
    return {kind::writes};
  case SSL_ERROR_ZERO_RETURN:
    return {kind::ended};
  case SSL_ERROR_SYSCALL:
    ERR_clear_error();
    return {kind::failed, 0, number == 0 ? "the connection was interrupted" : reason_of(number)};
  default:
    return {kind::failed, 0, last_tls_error()};
  }
}

transport_step transport::read(std::span<char> into) {
  const auto size = std::min<std::size_t>(into.size(), std::numeric_limits<int>::max());
  if (tls_) {
    ERR_clear_error();
    errno = 0;
    return tls_step(SSL_read(tls_.get(), into.data(), static_cast<int>(size)));
  }
  for (;;) {
    const auto count = ::recv(socket_.fd, into.data(), size, 0);
    if (count > 0)
      return {kind::moved, static_cast<std::size_t>(count)};
    if (count == 0)
      return {kind::ended};
    if (errno == EAGAIN || errno == EWOULDBLOCK)
      return {kind::reads};
    if (errno != EINTR)
      return {kind::failed, 0, reason_of(errno)};
  }
}

transport_step transport::write(std::string_view bytes) {
  const auto size = std::min<std::size_t>(bytes.size(), std::numeric_limits<int>::max());
  if (tls_) {
    ERR_clear_error();
    errno = 0;
    return tls_step(SSL_write(tls_.get(), bytes.data(), static_cast<int>(size)));
  }
  for (;;) {
    const auto count = ::send(socket_.fd, bytes.data(), size, MSG_NOSIGNAL);
    if (count >= 0)
      return {kind::moved, static_cast<std::size_t>(count)};
    if (errno == EAGAIN || errno == EWOULDBLOCK)
      return {kind::writes};
    if (errno != EINTR)
      return {kind::failed, 0, reason_of(errno)};
  }
}

} // namespace cm::client
