// Extracts the identity of an X.509 certificate: its issuer and its serial number.
#pragma once

#include "core/base/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace cm::core {

/// Largest accepted PEM text in bytes.
inline constexpr std::size_t max_certificate_pem = std::size_t{64} * 1024;

struct certificate_identity {
  std::string issuer;        ///< canonical (distinguished_name.hpp)
  std::string serial_number; ///< decimal, without leading zeros, after a `-` if it is negative

  friend bool operator==(const certificate_identity&, const certificate_identity&) = default;
};

/// Reads exactly one certificate in PEM and ignores text around its block (RFC 7468 section 2), and white space within
/// it. Does not check validity period, signature and key: the broker does that, CM only compares names. Thread-safe.
/// @return errc::invalid for no certificate, more than one, a damaged one, a serial number of more than 1024 bytes, and
///   an issuer that is empty or not a distinguished name of at most max_distinguished_name bytes
[[nodiscard]] expected<certificate_identity> identify_certificate(std::string_view pem);

} // namespace cm::core
