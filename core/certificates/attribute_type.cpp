// The names of attribute types (RFC 4519, PKCS #9, X.520) as RFC 4514, Java, OpenSSL, Windows and other libraries spell
// them. Names are case-insensitive (RFC 4512 section 2.5).
#include "core/base/text.hpp"
#include "core/certificates/distinguished_name_parts.hpp"

#include <openssl/err.h>
#include <openssl/objects.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

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

struct further_name {
  std::string_view name;
  std::string_view oid;
};

// What other libraries print and OpenSSL does not know, or knows as something else. The canonical form has the numbers.
constexpr std::array further_names{
  // RFC 4524. OpenSSL has another "Mail", a node of the tree of SNMP.
  further_name{"mail", "0.9.2342.19200300.100.1.3"},
  // BouncyCastle (BCStyle), and GnuTLS for most of them; RFC 3739
  further_name{"DN", "2.5.4.46"},
  further_name{"dateOfBirth", "1.3.6.1.5.5.7.9.1"},
  further_name{"placeOfBirth", "1.3.6.1.5.5.7.9.2"},
  further_name{"gender", "1.3.6.1.5.5.7.9.3"},
  further_name{"countryOfCitizenship", "1.3.6.1.5.5.7.9.4"},
  further_name{"countryOfResidence", "1.3.6.1.5.5.7.9.5"},
  further_name{"nameAtBirth", "1.3.36.8.3.14"},
  further_name{"nameOfBirth", "1.3.36.8.3.14"},
  // GnuTLS and NSS
  further_name{"jurisdictionOfIncorporationLocalityName", "1.3.6.1.4.1.311.60.2.1.1"},
  further_name{"jurisdictionOfIncorporationStateOrProvinceName", "1.3.6.1.4.1.311.60.2.1.2"},
  further_name{"jurisdictionOfIncorporationCountryName", "1.3.6.1.4.1.311.60.2.1.3"},
  further_name{"incorporationLocality", "1.3.6.1.4.1.311.60.2.1.1"},
  further_name{"incorporationState", "1.3.6.1.4.1.311.60.2.1.2"},
  further_name{"incorporationCountry", "1.3.6.1.4.1.311.60.2.1.3"},
  // Windows (CertNameToStr)
  further_name{"Phone", "2.5.4.20"},
  further_name{"POBox", "2.5.4.18"},
  further_name{"X21Address", "2.5.4.24"},
  // RFC 2798 and RFC 4524, by which directories name people
  further_name{"carLicense", "2.16.840.1.113730.3.1.1"},
  further_name{"departmentNumber", "2.16.840.1.113730.3.1.2"},
  further_name{"employeeNumber", "2.16.840.1.113730.3.1.3"},
  further_name{"employeeType", "2.16.840.1.113730.3.1.4"},
  further_name{"preferredLanguage", "2.16.840.1.113730.3.1.39"},
  further_name{"displayName", "2.16.840.1.113730.3.1.241"},
  further_name{"drink", "0.9.2342.19200300.100.1.5"},
  further_name{"fax", "2.5.4.23"},
  further_name{"homePhone", "0.9.2342.19200300.100.1.20"},
  further_name{"mobile", "0.9.2342.19200300.100.1.41"},
  further_name{"pager", "0.9.2342.19200300.100.1.42"},
};

} // namespace

std::string_view canonical_attribute_type(std::string_view oid) noexcept {
  const auto* found = std::ranges::find(types, oid, &attribute_type::oid);
  return found != types.end() ? found->name : oid;
}

namespace {

bool is_name_of(const attribute_type& type, std::string_view name) noexcept {
  return equals_ignoring_case(type.name, name) || std::ranges::any_of(type.others, [&](std::string_view other) {
           return !other.empty() && equals_ignoring_case(other, name);
         });
}

std::optional<std::string> built_in_number(std::string_view name) {
  const auto* const found = std::ranges::find_if(types, [&](const auto& type) { return is_name_of(type, name); });
  return found != types.end() ? std::optional{std::string(found->oid)} : std::nullopt;
}

std::optional<std::string> further_number(std::string_view name) {
  // Spelled as BouncyCastle writes it. In any other case it is the name of RFC 4524 and OpenSSL for another attribute.
  if (name == "UniqueIdentifier")
    return "2.5.4.45";
  const auto* const found =
    std::ranges::find_if(further_names, [&](const auto& further) { return equals_ignoring_case(further.name, name); });
  return found != further_names.end() ? std::optional{std::string(found->oid)} : std::nullopt;
}

/// The dotted number of an object that OpenSSL knows; empty for NID_undef and for a name without a number.
std::optional<std::string> number_of_nid(int nid) {
  const auto* object = nid != NID_undef ? OBJ_nid2obj(nid) : nullptr;
  std::array<char, 128> number{};
  if (object == nullptr || OBJ_length(object) == 0)
    return std::nullopt;
  const int length = OBJ_obj2txt(number.data(), static_cast<int>(number.size()), object, 1);
  if (length <= 0 || static_cast<std::size_t>(length) >= number.size())
    return std::nullopt;
  return std::string(number.data(), static_cast<std::size_t>(length));
}

/// By a name exactly as OpenSSL spells it.
std::optional<std::string> openssl_number(std::string_view name) {
  const std::string text{name};
  const int nid = OBJ_sn2nid(text.c_str());
  return number_of_nid(nid != NID_undef ? nid : OBJ_ln2nid(text.c_str()));
}

using nid_by_name = std::vector<std::pair<std::string, int>>;

/// All names of OpenSSL's objects in lower case, sorted. OpenSSL finds them only by their exact spelling.
nid_by_name lower_case_names() {
  nid_by_name names;
  ERR_set_mark();
  const int count = OBJ_new_nid(0);
  for (int nid = NID_undef + 1; nid < count; ++nid) {
    const auto* object = OBJ_nid2obj(nid);
    if (object == nullptr || OBJ_length(object) == 0)
      continue;
    for (const char* name : {OBJ_nid2sn(nid), OBJ_nid2ln(nid)}) {
      if (name != nullptr)
        names.emplace_back(to_lower(std::string_view{name}), nid);
    }
  }
  ERR_pop_to_mark(); // numbers that are not in use are errors
  std::ranges::sort(names);
  return names;
}

/// By a name as OpenSSL spells it, in upper or lower case.
std::optional<std::string> openssl_number_ignoring_case(std::string_view name) {
  static const auto names = lower_case_names();
  const auto wanted = to_lower(name);
  const auto found = std::ranges::lower_bound(names, wanted, {}, &nid_by_name::value_type::first);
  return found != names.end() && found->first == wanted ? number_of_nid(found->second) : std::nullopt;
}

} // namespace

std::optional<std::string> attribute_type_number(std::string_view name) {
  for (const auto find : {built_in_number, further_number, openssl_number, openssl_number_ignoring_case}) {
    if (auto number = find(name))
      return number;
  }
  return std::nullopt;
}

std::optional<std::string> former_attribute_type_number(std::string_view name) {
  auto number = built_in_number(name);
  return number ? number : openssl_number(name);
}

} // namespace cm::core::detail
