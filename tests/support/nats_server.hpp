// A private nats-server for a test, on its own loopback port; the destructor ends it.
#pragma once

#include "core/configuration/settings.hpp"
#include "loopback_port.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>

namespace cm::test {

/// Certificates for one test, created with openssl: a CA, a server's for 127.0.0.1 and a client's. The destructor
/// removes them.
class nats_certificates {
public:
  nats_certificates();
  ~nats_certificates();
  nats_certificates(const nats_certificates&) = delete;
  nats_certificates& operator=(const nats_certificates&) = delete;

  /// The path of ca.pem, other-ca.pem (which has signed nothing), server.pem, server.key, client.pem or client.key.
  [[nodiscard]] std::string file(const char* name) const { return (directory_ / name).string(); }

private:
  std::filesystem::path directory_;
};

struct nats_server_options {
  std::string user; ///< empty: no login
  std::string password;
  std::string denied;                              ///< a subject that the user may not publish on
  const nats_certificates* certificates = nullptr; ///< not null: TLS, client certificates required
  bool started = true;
};

/// All functions throw std::runtime_error if the server fails.
class nats_server {
public:
  explicit nats_server(nats_server_options options = {});
  ~nats_server();
  nats_server(const nats_server&) = delete;
  nats_server& operator=(const nats_server&) = delete;

  /// nats://127.0.0.1:port, or tls:// with certificates.
  [[nodiscard]] std::string url() const;

  /// URL, credentials and certificates in the form of CM's settings.
  [[nodiscard]] core::nats_settings settings() const;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_.number(); }

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

  void start();  ///< on the same port; waits until it accepts connections
  void stop();   ///< as an operator stops it
  void kill();   ///< as a power failure does
  void pause();  ///< it keeps its connections and answers nothing
  void resume(); ///< after pause

  /// The credentials that the server requires from its next start on.
  void set_password(std::string password) { options_.password = std::move(password); }

private:
  void end(int signal);

  nats_server_options options_;
  loopback_port port_;
  std::filesystem::path configuration_; ///< empty: all is said on the command line
  pid_t pid_ = -1;
};

} // namespace cm::test
