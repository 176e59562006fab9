#include "actors/runtime/hardening.hpp"

#include "core/observability/logging.hpp"

#include <caf/exit_reason.hpp>

#include <stdexcept>

namespace cm::actors {

std::string describe_reason(const caf::error& reason) {
  if (!reason)
    return "ended without being asked";
  if (reason.category() == caf::atom("exit")) {
    return caf::to_string(static_cast<caf::exit_reason>(reason.code()));
  }
  // reason_of() puts the exception's text into the context.
  if (reason.context().match_elements<std::string>())
    return reason.context().get_as<std::string>(0);
  if (reason.category() == caf::atom("system"))
    return caf::to_string(static_cast<caf::sec>(reason.code()));
  return "error " + std::to_string(reason.code()) + " of " + caf::to_string(reason.category());
}

void report_unexpected(const char* actor, const caf::type_erased_tuple& message) {
  core::logger("cm.actors")->warn("{} received an unexpected message of {} parts", actor, message.size());
}

void report_stray_error(const char* actor, const caf::error& problem) {
  core::logger("cm.actors")->warn("{} received an unexpected error: {}", actor, describe_reason(problem));
}

caf::error reason_of(const std::exception_ptr& problem) {
  try {
    std::rethrow_exception(problem);
  } catch (const std::exception& e) {
    return caf::make_error(caf::sec::runtime_error, std::string(e.what()));
  } catch (...) {
    return caf::make_error(caf::sec::runtime_error, std::string("an exception of unknown type"));
  }
}

} // namespace cm::actors
