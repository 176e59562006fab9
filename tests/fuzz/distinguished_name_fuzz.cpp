// Reads any text as a distinguished name: no crash, the canonical form of an accepted name is idempotent, and all
// orders of its attributes have the same identity.
#include "core/base/text.hpp"
#include "core/certificates/distinguished_name.hpp"
#include "core/certificates/serial_number.hpp"

#include <cstdlib>

namespace {

using namespace cm::core;

// Whether `others` and `identity` are what they should be.
bool has_other_forms(const distinguished_name& name) {
  if (name.others.size() > max_other_names)
    return false;
  if (name.identity) {
    const auto again = canonical_distinguished_name(*name.identity);
    if (!again || *again != *name.identity)
      return false;
  }
  for (const auto& other : name.others) {
    if (other == name.canonical || !is_utf8(other))
      return false;
  }
  return !name.identity || distinguished_name_of(*name.identity).identity == name.identity;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cm::core;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto name = canonical_distinguished_name(text);
  if (const auto read = read_distinguished_name(text);
      read.has_value() != name.has_value() || (read && (read->canonical != *name || !has_other_forms(*read))))
    std::abort();
  if (name) {
    const auto again = canonical_distinguished_name(*name);
    if (!again || *again != *name || name->size() > max_distinguished_name || !is_utf8(*name))
      std::abort();
    for (const char c : *name) {
      if (static_cast<unsigned char>(c) < 0x20U || c == 0x7f)
        std::abort();
    }
  } else if (name.error().code != errc::invalid || name.error().message.empty()) {
    std::abort();
  }
  const auto serial = normalised_serial_number(text);
  if (serial
      && (!is_decimal_serial_number(*serial) || (serial->front() == '0' && serial->size() > 1)
          || serial->starts_with("-0") || *normalised_serial_number(*serial) != *serial))
    std::abort();
  return 0;
}
