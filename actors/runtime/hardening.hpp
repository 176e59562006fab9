// The default handlers of CM's actors, for messages and errors that CAF would print to standard output and drop.
#pragma once

#include "actors/interfaces/mailbox_census.hpp"
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

/// The text of an exit or down reason for the log; "ended without being asked" for the empty reason.
[[nodiscard]] std::string describe_reason(const caf::error& reason);

/// Logs a message that no handler accepts, without its content, which might contain a secret.
void report_unexpected(const char* actor, const caf::type_erased_tuple& message);

/// Logs an error message that is not the answer to a request.
void report_stray_error(const char* actor, const caf::error& problem);

/// Turns the exception that ends an actor into its exit reason.
[[nodiscard]] caf::error reason_of(const std::exception_ptr& problem);

/// Sets the default handlers of an actor: it answers a mailbox_census, exceptions become exit reasons, nothing is
/// printed, error messages never end the actor, and every exit message ends it at once, whatever its reason. To be
/// called first in every behaviour function. An actor that needs its own down handler sets it afterwards.
template <class Self>
void harden(Self* self) {
  self->set_exception_handler([](std::exception_ptr& problem) { return reason_of(problem); });
  self->set_default_handler([self](caf::scheduled_actor*, caf::message_view& message) -> caf::result<caf::message> {
    if (message.content().match_elements<mailbox_question>()) {
      const auto& question = message.content().get_as<mailbox_question>(0);
      question.census->count(question.index, self->mailbox().size());
      return caf::message{};
    }
    report_unexpected(self->name(), message.content());
    return caf::sec::unexpected_message;
  });
  self->set_error_handler([self](const caf::error& problem) { report_stray_error(self->name(), problem); });
  self->set_down_handler([](const caf::down_msg&) {
    // An actor that monitors others sets its own handler.
  });
  self->set_exit_handler([self](const caf::exit_msg& message) {
    inject_fault(message.reason);
    self->quit(message.reason);
  });
}

} // namespace cm::actors
