// The PEM files of a TLS client.
#pragma once

#include <string>

namespace cm::http {

struct tls_file {
  std::string path;    ///< empty: none
  std::string purpose; ///< precedes the path in messages, such as the option or key that names the file
};

/// They are read for each new connection, so that changed files take effect.
struct tls_files {
  tls_file authorities{}; ///< the CA certificates to trust; none: the trust store of the system
  tls_file certificate{}; ///< of the client, with its chain; needs `key`
  tls_file key{};         ///< of `certificate`, not encrypted
};

} // namespace cm::http
