// The license file (contract section 8): reads the PKCS #12 file and says what is wrong with it.
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

/// The longest license file, and the longest bundle of trusted certificates, that is read.
inline constexpr std::size_t max_license_file_size = std::size_t{1024} * 1024;

/// Which check failed, in the order in which they are made.
enum class license_failure : std::uint8_t {
  unreadable,     ///< no regular file of at most max_license_file_size that this process may read
  malformed,      ///< not a PKCS #12 file, damaged, or encrypted in a way that is not supported
  wrong_password, ///< the password does not open it
  no_key,         ///< no private key in it
  no_certificate, ///< no certificate in it
  key_mismatch,   ///< no certificate in it belongs to the private key
  not_yet_valid,  ///< now < notBefore
  expired,        ///< now > notAfter
  untrusted,      ///< no valid chain to the trusted certificates, or these could not be read
};

inline constexpr std::size_t license_failure_count = 9;

/// "unreadable", "malformed", …: as the values are spelled.
[[nodiscard]] std::string_view to_string(license_failure failure) noexcept;

/// What a license file says; nothing in it is secret.
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
  std::optional<license> found; ///< for not_yet_valid, expired and untrusted: what the file says
};

/// Called by license_result::value() where there is none: a fault in the caller, hence std::logic_error.
[[noreturn]] void throw_exception_from_error(const license_error& e, const boost::source_location& where);

using license_result = boost::system::result<license, license_error>;

/// Makes every check of contract section 8 on the file that the settings name. Blocks on the file system and computes
/// for some milliseconds: not for an event-based actor's own thread. Any thread.
///
/// Files that were encrypted with RC2 or DES (old keytool or openssl) need OpenSSL's legacy provider; it is loaded into
/// a library context of its own, only for such a file. The private key is freed (and so wiped) before this returns.
/// @param now the moment that the dates are compared with, and at which the chain must be valid.
[[nodiscard]] license_result check_license(const license_settings& settings, timestamp now);

/// The same for the content of a license file; settings.path is only named in messages.
[[nodiscard]] license_result check_license(std::string_view content, const license_settings& settings, timestamp now);

/// check_license() for callers that want no more than one line: errc::forbidden with that line; the detail is the
/// failure's name.
[[nodiscard]] expected<license> load_license(const license_settings& settings, timestamp now = now_ms());

} // namespace cm::core
