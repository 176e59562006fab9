// The names of attribute types (RFC 4519, PKCS #9, X.520) as RFC 4514, Java, OpenSSL and Windows spell them.
#include "core/base/text.hpp"
#include "core/certificates/distinguished_name_parts.hpp"

#include <openssl/objects.h>

#include <algorithm>
#include <array>

namespace cm::core::detail {

namespace {

struct attribute_type {
  std::string_view oid;
  std::string_view name; // used in the canonical form: never change it, or stored certificates are no longer found
  std::array<std::string_view, 4> others;
};

// OpenSSL's `uid` (uniqueIdentifier, …100.1.44) is missing: names are case-insensitive (RFC 4512), so it cannot be
// distinguished from `UID` (userId).
constexpr std::array types{
  attribute_type{"2.5.4.3", "CN", {"commonName"}},
  attribute_type{"2.5.4.6", "C", {"countryName"}},
  attribute_type{"2.5.4.10", "O", {"organizationName"}},
  attribute_type{"2.5.4.11", "OU", {"organizationalUnitName"}},
  attribute_type{"2.5.4.7", "L", {"localityName"}},
  attribute_type{"2.5.4.8", "ST", {"S", "SP", "stateOrProvinceName"}},
  attribute_type{"2.5.4.9", "STREET", {"streetAddress"}},
  attribute_type{"0.9.2342.19200300.100.1.25", "DC", {"domainComponent"}},
  attribute_type{"0.9.2342.19200300.100.1.1", "UID", {"userId"}},
  attribute_type{"1.2.840.113549.1.9.1", "emailAddress", {"E", "EMAIL"}},
  attribute_type{"2.5.4.5", "serialNumber", {}},
  attribute_type{"2.5.4.4", "SN", {"surname"}},
  attribute_type{"2.5.4.42", "GN", {"givenName", "G"}},
  attribute_type{"2.5.4.43", "initials", {"I"}},
  attribute_type{"2.5.4.12", "title", {"T"}},
  attribute_type{"2.5.4.13", "description", {}},
  attribute_type{"2.5.4.15", "businessCategory", {}},
  attribute_type{"2.5.4.17", "postalCode", {}},
  attribute_type{"2.5.4.41", "name", {}},
  attribute_type{"2.5.4.44", "generationQualifier", {"generation"}},
  attribute_type{"2.5.4.46", "dnQualifier", {"DNQ"}},
  attribute_type{"2.5.4.65", "pseudonym", {}},
  attribute_type{"2.5.4.97", "organizationIdentifier", {}},
  attribute_type{"1.2.840.113549.1.9.2", "unstructuredName", {}},
  attribute_type{"1.2.840.113549.1.9.8", "unstructuredAddress", {}},
  attribute_type{"1.3.6.1.4.1.42.2.11.2.1", "IP", {}},
  attribute_type{"1.3.6.1.4.1.311.60.2.1.1", "jurisdictionL", {"jurisdictionLocalityName"}},
  attribute_type{"1.3.6.1.4.1.311.60.2.1.2", "jurisdictionST", {"jurisdictionStateOrProvinceName"}},
  attribute_type{"1.3.6.1.4.1.311.60.2.1.3", "jurisdictionC", {"jurisdictionCountryName"}},
};

} // namespace

std::string_view canonical_attribute_type(std::string_view oid) noexcept {
  const auto* found = std::ranges::find(types, oid, &attribute_type::oid);
  return found != types.end() ? found->name : oid;
}

std::optional<std::string> attribute_type_number(std::string_view name) {
  for (const auto& type : types) {
    if (equals_ignoring_case(type.name, name) || std::ranges::any_of(type.others, [&](std::string_view other) {
          return !other.empty() && equals_ignoring_case(other, name);
        }))
      return std::string(type.oid);
  }
  // Other names that OpenSSL writes; these are case-sensitive.
  const std::string text{name};
  int nid = OBJ_sn2nid(text.c_str());
  if (nid == NID_undef)
    nid = OBJ_ln2nid(text.c_str());
  const auto* object = nid != NID_undef ? OBJ_nid2obj(nid) : nullptr;
  std::array<char, 128> number{};
  if (object == nullptr || OBJ_length(object) == 0)
    return std::nullopt;
  const int length = OBJ_obj2txt(number.data(), static_cast<int>(number.size()), object, 1);
  if (length <= 0 || static_cast<std::size_t>(length) >= number.size())
    return std::nullopt;
  return std::string(number.data(), static_cast<std::size_t>(length));
}

} // namespace cm::core::detail
