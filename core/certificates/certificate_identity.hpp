// Takes from an X.509 certificate what CM knows it by: its issuer and its serial number.
#pragma once

#include "core/base/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace cm::core {

/// Largest PEM text that is read, in bytes.
inline constexpr std::size_t max_certificate_pem = std::size_t{64} * 1024;

struct certificate_identity {
  std::string issuer;        ///< canonical (distinguished_name.hpp)
  std::string serial_number; ///< decimal, without leading zeros

  friend bool operator==(const certificate_identity&, const certificate_identity&) = default;
};

/// Reads exactly one certificate in PEM; text around its block is ignored (RFC 7468 section 2). Validity, signature and
/// key are not looked at: the broker checks them, CM compares names. Any thread.
/// @return errc::invalid for no certificate, more than one, damaged ones, an empty issuer or one that cannot be a
///   distinguished name of at most max_distinguished_name bytes, a negative serial number
[[nodiscard]] expected<certificate_identity> identify_certificate(std::string_view pem);

} // namespace cm::core
