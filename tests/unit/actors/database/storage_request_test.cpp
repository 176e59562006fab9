#include "actors/database/storage_request.hpp"
#include "catch.hpp"

using namespace cm;
using actors::storage_reply;

namespace {

actors::storage_result_ptr result(storage::reply reply) {
  return std::make_shared<const actors::storage_result>(std::move(reply));
}

} // namespace

TEST_CASE("a reply of the expected kind is accessed without a copy") {
  storage::used_clients used;
  const auto from = result(used);
  const storage_reply<storage::used_clients> reply{from};
  REQUIRE(reply.has_value());
  CHECK(&*reply == std::get_if<storage::used_clients>(&**from));
}

TEST_CASE("the error of the database is the error of the reply") {
  const auto failed = std::make_shared<const actors::storage_result>(core::make_error(core::errc::conflict, "taken"));
  const storage_reply<storage::used_clients> reply{actors::storage_result_ptr{failed}};
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == core::errc::conflict);
  CHECK(reply.error().message == "taken");
}

TEST_CASE("another kind of reply is an internal error") {
  const storage_reply<storage::used_clients> reply{result(storage::pong{})};
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == core::errc::internal);
}

TEST_CASE("a gate that does not answer makes the reply unavailable") {
  const storage_reply<storage::pong> reply{actors::storage_gate_lost(caf::make_error(caf::sec::request_timeout))};
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == core::errc::unavailable);
}
