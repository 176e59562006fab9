#include "actors/runtime/hardening.hpp"
#include "actors/supervision/root.hpp"
#include "catch.hpp"

#include <caf/exit_reason.hpp>

#include <stdexcept>

using namespace cm::actors;

TEST_CASE("root's exit reason carries the exit status") {
  for (const int status : {64, 69, 77, 78})
    CHECK(exit_status_of(exit_reason_of(status)) == status);
}

TEST_CASE("a normal end of root has the status 0, any other end is a failure") {
  CHECK(exit_status_of({}) == 0);
  CHECK(exit_status_of(exit_reason_of(0)) == 0);
  CHECK(exit_status_of(caf::exit_reason::normal) == 0);
  CHECK(exit_status_of(caf::exit_reason::kill) == 69);
  CHECK(exit_status_of(caf::sec::runtime_error) == 69);
  CHECK(exit_status_of(reason_of(std::make_exception_ptr(std::runtime_error("x")))) == 69);
}

TEST_CASE("an exception becomes an exit reason with the same text") {
  const auto reason = reason_of(std::make_exception_ptr(std::runtime_error("the disk is full")));
  CHECK(reason == caf::sec::runtime_error);
  CHECK(describe_reason(reason) == "the disk is full");
  CHECK(describe_reason(reason_of(std::make_exception_ptr(7))) == "an exception of unknown type");
}

TEST_CASE("every exit reason has a text for the log") {
  CHECK(describe_reason({}) == "ended without being asked");
  CHECK(describe_reason(caf::exit_reason::kill) == "kill");
  CHECK(describe_reason(caf::exit_reason::user_shutdown) == "user_shutdown");
  CHECK(describe_reason(caf::sec::request_timeout) == "request_timeout");
  CHECK(describe_reason(exit_reason_of(77)) == "error 77 of cmexit");
}

TEST_CASE("the service never injects a fault") {
  CHECK_FALSE(inject_fault(fault_request()));
  CHECK_FALSE(inject_fault(caf::sec::runtime_error));
  inject_delay("decoder");
}
