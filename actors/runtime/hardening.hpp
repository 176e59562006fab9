// What every actor of CM does with the messages that CAF would otherwise print to standard output and forget.
#pragma once

#include "actors/runtime/fault_injection.hpp"

#include <caf/error.hpp>
#include <caf/message.hpp>
#include <caf/message_view.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/sec.hpp>
#include <caf/skip.hpp>
#include <caf/system_messages.hpp>

#include <exception>
#include <string>

namespace cm::actors {

/// Text of an exit or down reason for the log; "ended without being asked" for the empty one.
[[nodiscard]] std::string describe_reason(const caf::error& reason);

/// Logs and counts a message that no handler takes. Its content is not shown: it might hold a secret.
void report_unexpected(const char* actor, const caf::type_erased_tuple& message);

/// Logs and counts an error that arrived where nobody waited for one.
void report_stray_error(const char* actor, const caf::error& problem);

/// Turns the exception that ends an actor into its exit reason.
[[nodiscard]] caf::error reason_of(const std::exception_ptr& problem);

/// To be called first in every behaviour function: exceptions become exit reasons, nothing is printed, errors of
/// requests never end the actor, and a normal exit message ends it at once. An actor that needs a down handler of its
/// own sets it afterwards.
template <class Self>
void harden(Self* self) {
  self->set_exception_handler([](std::exception_ptr& problem) { return reason_of(problem); });
  self->set_default_handler([self](caf::scheduled_actor*, caf::message_view& message) -> caf::result<caf::message> {
    report_unexpected(self->name(), message.content());
    return caf::sec::unexpected_message;
  });
  self->set_error_handler([self](const caf::error& problem) { report_stray_error(self->name(), problem); });
  self->set_down_handler([](const caf::down_msg&) {
    // Whoever monitors something sets a handler of its own.
  });
  self->set_exit_handler([self](const caf::exit_msg& message) {
    inject_fault(message.reason);
    self->quit(message.reason);
  });
}

} // namespace cm::actors
