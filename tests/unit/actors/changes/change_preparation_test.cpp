#include "actors/changes/change_preparation.hpp"
#include "actors/changes/token_import.hpp"
#include "actors/interfaces/changes.hpp"
#include "catch.hpp"
#include "storage_fixtures.hpp"

using namespace cm;
using namespace cm::actors;
using namespace cm::test;
using core::errc;

namespace {

const auto changed_at = core::from_unix_ms(1'700'000'000'000);

import_order order_of(std::vector<core::import_line> lines) {
  import_order out;
  out.lines = std::move(lines);
  out.origin = {core::channel::import, "", "c-1"};
  return out;
}

core::import_line line_of(const std::string& application, std::optional<std::string> token) {
  core::import_line out;
  out.endpoint_id = "endpoint-1";
  out.application_name = application;
  if (token)
    out.token = core::secret(*token);
  return out;
}

storage::import_result result_of(storage::import_verdict verdict) {
  return {verdict, id_of(1), core::credential_status::active};
}

} // namespace

TEST_CASE("prepare_change sets the time of a change, and the IDs of a new client credential") {
  core::uuid_v7_generator ids;
  storage::create_client create;
  create.credential.username = "user";
  const auto prepared = prepare_change(create, changed_at, ids);
  const auto& client = std::get<storage::create_client>(*prepared).credential;
  CHECK(client.id != core::uuid{});
  CHECK(client.client_id == core::to_string(client.id));
  CHECK(client.created_at == changed_at);

  create.credential.client_id = "gateway";
  const auto named = prepare_change(create, changed_at, ids);
  CHECK(std::get<storage::create_client>(*named).credential.client_id == "gateway");

  const auto deleted = prepare_change(storage::delete_endpoint_tokens{}, changed_at, ids);
  CHECK(std::get<storage::delete_endpoint_tokens>(*deleted).at == changed_at);
}

TEST_CASE("a command that changes no credential is refused") {
  core::uuid_v7_generator ids;
  CHECK(prepare_change(storage::list_tokens{}, changed_at, ids).error().code == errc::internal);
  CHECK(prepare_change(storage::claim_events{}, changed_at, ids).error().code == errc::internal);
}

TEST_CASE("events_of returns the events in the reply of every kind of change") {
  const core::revocation event;
  storage::changed_token token;
  CHECK(events_of(token).empty());
  token.event = event;
  CHECK(events_of(token).size() == 1);
  storage::changed_client client;
  client.event = event;
  CHECK(events_of(client).size() == 1);
  CHECK(events_of(storage::deleted_client{event}).size() == 1);
  CHECK(events_of(storage::deleted_tokens{3, false, {event, event}}).size() == 2);
  CHECK(events_of(storage::pong{}).empty());
}

TEST_CASE("describe_change describes a change, and is empty if nothing has changed") {
  storage::changed_token token;
  token.token.endpoint_id = "endpoint-1";
  token.token.status = core::credential_status::revoked;
  CHECK(describe_change(storage::change_token_status{}, token).empty());
  token.changed = true;
  CHECK(describe_change(storage::change_token_status{}, token)
        == "token 00000000-0000-0000-0000-000000000000 of endpoint endpoint-1 is Revoked");
  CHECK(describe_change(storage::delete_endpoint_tokens{}, storage::deleted_tokens{}).empty());
  storage::changed_client client;
  client.changed = true;
  CHECK(describe_change(storage::set_password{}, client)
        == "client credential 00000000-0000-0000-0000-000000000000 has a new password");
}

TEST_CASE("results of an import are in the order of its lines, whatever the result of each") {
  core::uuid_v7_generator ids;
  core::token_hasher hasher{core::secret("key")};
  const auto known = configured_applications({{"app-1", {}}});
  const auto order = order_of(
    {line_of("app-1", "own"), line_of("unknown", "own"), line_of("app-1", std::nullopt), line_of("app-1", "b")});
  const auto prepared = prepare_import(order, *known, 12, changed_at, ids, hasher);
  REQUIRE(prepared.command.items.size() == 3);
  CHECK(prepared.command.items[0].hash == hasher.hash("app-1", "own"));
  CHECK(prepared.command.items[1].hash == hasher.hash("app-1", prepared.generated[2]->reveal()));
  CHECK(prepared.generated[2]->reveal().size() == 12);
  CHECK(prepared.command.at == changed_at);
  CHECK(prepared.command.origin.how == core::channel::import);

  const auto lines = finish_import(
    prepared, {{result_of(storage::import_verdict::unchanged), result_of(storage::import_verdict::created),
                result_of(storage::import_verdict::other_endpoint)}});
  REQUIRE(lines.size() == 4);
  CHECK(lines[0].result->verdict == storage::import_verdict::unchanged);
  CHECK_FALSE(lines[0].generated.has_value());
  CHECK(lines[1].result.error().code == errc::not_found);
  CHECK(lines[2].generated->reveal() == prepared.generated[2]->reveal());
  CHECK(lines[3].result.error().code == errc::conflict);
}

TEST_CASE("a generated token that was not created is not shown") {
  core::uuid_v7_generator ids;
  core::token_hasher hasher{core::secret("key")};
  const auto prepared = prepare_import(order_of({line_of("app-1", std::nullopt)}), *configured_applications({}), 12,
                                       changed_at, ids, hasher);
  const auto verdict = GENERATE(storage::import_verdict::other_endpoint, storage::import_verdict::other_status,
                                storage::import_verdict::repeated_in_batch);
  const auto lines = finish_import(prepared, {{result_of(verdict)}});
  CHECK(lines[0].result.error().code == errc::conflict);
  CHECK_FALSE(lines[0].generated.has_value());
}

TEST_CASE(
  "tokens that are invalid according to the response are refused from the cache, whether or not this command changed "
  "them") {
  const auto id = core::random_uuid();
  storage::change_token_status by_id;
  by_id.which = storage::token_address{"endpoint-1", id};
  storage::change_token_status by_hash;
  by_hash.which = core::token_hash{};
  using outcome = core::expected<storage::reply>;

  SECTION("a token that has the status already") {
    const auto status = GENERATE(core::credential_status::suspended, core::credential_status::revoked);
    storage::changed_token unchanged;
    unchanged.token.id = id;
    unchanged.token.status = status;
    const auto refused = refused_by(by_hash, outcome{storage::reply{unchanged}});
    CHECK(refused.ids == std::vector<core::uuid>{id});
    CHECK_FALSE(refused.others);
  }
  SECTION("but not a valid token") {
    storage::changed_token active;
    active.token.id = id;
    active.token.status = core::credential_status::active;
    CHECK(refused_by(by_hash, outcome{storage::reply{active}}).ids.empty());
  }
  SECTION("a token for which the response is 404, 409 or 412") {
    const auto code = GENERATE(errc::not_found, errc::conflict, errc::precondition_failed);
    const outcome answer{core::make_error(code, "no")};
    CHECK(refused_by(by_id, answer).ids == std::vector<core::uuid>{id});
    CHECK(refused_by(storage::delete_token{{"endpoint-1", id}, {}, {}, {}}, answer).ids == std::vector<core::uuid>{id});
    CHECK(refused_by(by_hash, answer).others);
    CHECK(refused_by(storage::delete_endpoint_tokens{}, answer).others);
  }
  SECTION("none if the response says nothing about the token") {
    const outcome answer{core::make_error(errc::unavailable, "no")};
    CHECK(refused_by(by_id, answer).ids.empty());
    CHECK_FALSE(refused_by(by_hash, answer).others);
    CHECK_FALSE(refused_by(storage::delete_endpoint_tokens{}, answer).others);
  }
  SECTION("tokens of an import that exist with another status") {
    storage::imported_tokens imported;
    imported.results = {{storage::import_verdict::unchanged, id, core::credential_status::suspended},
                        {storage::import_verdict::other_endpoint, {}, core::credential_status::revoked},
                        {storage::import_verdict::created, core::random_uuid(), core::credential_status::inactive}};
    CHECK(refused_by(storage::import_tokens{}, outcome{storage::reply{imported}}).ids == std::vector<core::uuid>{id});
  }
  SECTION("all tokens of an endpoint, also those that another replica has deleted") {
    CHECK(refused_by(storage::delete_endpoint_tokens{}, outcome{storage::reply{storage::deleted_tokens{}}}).others);
  }
}
