// The license file (contract section 8): reads and checks the PKCS #12 file.
#pragma once

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/configuration/settings.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cm::core {

/// Maximum size in bytes of the license file and of the bundle of trusted certificates.
inline constexpr std::size_t max_license_file_size = std::size_t{1024} * 1024;

/// The check that failed, in the order of the checks.
enum class license_failure : std::uint8_t {
  unreadable,     ///< not a readable regular file of at most max_license_file_size
  malformed,      ///< not a PKCS #12 file, damaged, or encrypted in an unsupported way
  wrong_password, ///< the password is wrong
  no_key,         ///< contains no private key
  no_certificate, ///< contains no certificate
  key_mismatch,   ///< no certificate belongs to the private key
  not_yet_valid,  ///< now < notBefore
  expired,        ///< now > notAfter
  untrusted,      ///< no valid chain to the trusted certificates, or they could not be read
};

inline constexpr std::size_t license_failure_count = 9;

/// The name of the value: "unreadable", "malformed", …
[[nodiscard]] std::string_view to_string(license_failure failure) noexcept;

/// The content of a license file without secrets.
struct license {
  std::string subject; ///< RFC 2253, ASCII (other characters are escaped)
  std::string issuer;  ///< likewise
  std::string serial;  ///< decimal
  timestamp not_before{};
  timestamp not_after{};
  std::array<std::uint8_t, 32> file_digest{}; ///< SHA-256 of the whole file

  friend bool operator==(const license&, const license&) = default;
};

struct license_error {
  license_failure failure = license_failure::unreadable;
  std::string message;          ///< one line: the check, the file, dates and subject; never the password
  std::optional<license> found; ///< the content of the file, for not_yet_valid, expired and untrusted
};

/// Boost calls this from license_result::value() if there is no value. That is a bug in the caller, hence
/// std::logic_error.
[[noreturn]] void throw_exception_from_error(const license_error& e, const boost::source_location& where);

using license_result = boost::system::result<license, license_error>;

/// Reads the file that the settings name and makes every check of contract section 8. Blocks on the file system and
/// takes some milliseconds of CPU time: do not call it from an event-based actor. Thread-safe.
///
/// Files that are encrypted with RC2 or DES (old keytool or openssl) need OpenSSL's legacy provider. It is loaded into
/// a separate library context, and only for such a file. The private key is freed, which wipes it, before this returns.
/// @param now the time at which the license and its chain must be valid
[[nodiscard]] license_result check_license(const license_settings& settings, timestamp now);

/// The same checks for the content of a license file. settings.path only appears in messages.
[[nodiscard]] license_result check_license(std::string_view content, const license_settings& settings, timestamp now);

/// check_license() with a plain error: errc::forbidden with the one-line message; the detail is the name of the
/// failure.
[[nodiscard]] expected<license> load_license(const license_settings& settings, timestamp now = now_ms());

} // namespace cm::core
