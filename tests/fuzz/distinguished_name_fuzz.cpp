// Reads any text as a distinguished name: no crash, and the canonical form of an accepted name is idempotent.
#include "core/base/text.hpp"
#include "core/certificates/distinguished_name.hpp"
#include "core/certificates/serial_number.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cm::core;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto name = canonical_distinguished_name(text);
  if (const auto read = read_distinguished_name(text);
      read.has_value() != name.has_value()
      || (read && (read->canonical != *name || read->former == *name || !is_utf8(read->former.value_or("")))))
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
