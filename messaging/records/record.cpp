#include "messaging/records/record.hpp"

#include <stdexcept>

namespace cm::messaging {

void throw_exception_from_error(const decode_failure& e, const boost::source_location& where) {
  std::string text = "value() of a message that was not decoded: ";
  text += e.problem;
  text += " at ";
  text += where.to_string();
  throw std::logic_error(text);
}

} // namespace cm::messaging
