// Makes the names of certificates readable for OpenSSL that Java reads and OpenSSL rejects. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cm::core::detail {

struct readable_certificate {
  std::string der;
  std::vector<std::uint8_t> issuer_tags; ///< for each attribute of the issuer: the tag of its value, 0 if unchanged
};

/// A copy of a certificate in which the values of issuer and subject have another tag (TeletexString, for which all
/// bytes are valid) if they are a GeneralString, VisibleString, UniversalString or BMPString whose text CM can decode.
/// OpenSSL rejects the whole certificate for the first two, and for surrogates in the other two.
/// @return empty if there is nothing to change, and if `der` does not begin like a certificate
[[nodiscard]] std::optional<readable_certificate> with_readable_names(std::string der);

} // namespace cm::core::detail
