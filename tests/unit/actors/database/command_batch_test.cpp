#include "actors/database/command_batch.hpp"
#include "actors/database/work_class.hpp"
#include "catch.hpp"
#include "storage_fixtures.hpp"

using namespace cm;
using namespace cm::actors;
using namespace cm::test;
using core::errc;

namespace {

storage::subject_hash subject(std::uint8_t number) {
  storage::subject_hash out{};
  out[0] = number;
  return out;
}

storage_job_ptr certificates(std::vector<std::uint8_t> numbers, std::vector<std::size_t> with_others = {}) {
  storage::find_x509 command;
  for (const auto number : numbers)
    command.subjects.push_back(subject(number));
  for (const auto index : with_others) {
    command.other_subjects.push_back({index, subject(static_cast<std::uint8_t>(100 + numbers.at(index)))});
    command.identities.push_back({index, subject(static_cast<std::uint8_t>(200 + numbers.at(index)))});
  }
  return job_of(std::move(command));
}

// Joins the commands, has the fake database carry them out, and splits the result.
std::vector<storage_result_ptr> carry_out(const std::vector<storage_job_ptr>& jobs) {
  std::vector<std::size_t> parts;
  for (const auto& job : jobs)
    parts.push_back(parts_of(job->command));
  return split(batch_kind_of(jobs.front()->command), parts, answer_to(join(jobs)));
}

std::vector<std::string> serials(const storage_result_ptr& result) {
  std::vector<std::string> out;
  for (const auto& credential : std::get<storage::found_x509>(result->value()).credentials)
    out.push_back(credential->serial_number);
  return out;
}

} // namespace

TEST_CASE("logins that are looked up together get their own credentials, also for the same or an unknown username") {
  const auto results = carry_out({login_job("a"), login_job("unknown"), login_job("b"), login_job("a")});
  REQUIRE(results.size() == 4);
  const auto phc = [&](std::size_t i) { return std::get<storage::found_basic>(results[i]->value()).password_phc; };
  CHECK(phc(0) == core::secret("hash of a"));
  CHECK(phc(1).empty());
  CHECK(phc(2) == core::secret("hash of b"));
  CHECK(phc(3) == core::secret("hash of a"));
}

TEST_CASE("requests for several certificates each get theirs, and other hashes keep their certificates") {
  const std::vector jobs{certificates({1, 2}, {1}), certificates({3}), certificates({4, 5}, {0, 1})};
  const auto results = carry_out(jobs);
  REQUIRE(results.size() == 3);
  CHECK(serials(results[0]) == std::vector<std::string>{"1", "2"});
  CHECK(serials(results[1]) == std::vector<std::string>{"3"});
  CHECK(serials(results[2]) == std::vector<std::string>{"4", "5"});
  const auto joined = std::get<storage::find_x509>(join(jobs));
  REQUIRE(joined.other_subjects.size() == 3);
  for (const auto& other : joined.other_subjects)
    CHECK(joined.subjects.at(other.index)[0] + 100 == other.hash[0]);
  REQUIRE(joined.identities.size() == 3);
  for (const auto& identity : joined.identities)
    CHECK(joined.subjects.at(identity.index)[0] + 200 == identity.hash[0]);
}

TEST_CASE("a failure, and a reply that does not match, are those of all commands of a batch") {
  const auto kind = GENERATE(batch_kind::creations, batch_kind::logins, batch_kind::certificates);
  const std::vector<std::size_t> parts{1, 1};
  for (const auto& result : split(kind, parts, failure(errc::unavailable)))
    CHECK(code_of(result) == errc::unavailable);
  const auto wrong = GENERATE(as<storage::reply>{}, storage::pong{}, storage::found_basics{{{}}},
                              storage::found_x509{{std::nullopt}}, storage::created_tokens{});
  const auto results = split(kind, parts, std::make_shared<const storage_result>(wrong));
  REQUIRE(results.size() == 2);
  for (const auto& result : results)
    CHECK(code_of(result) == errc::internal);
}

TEST_CASE("withdrawing a credential is another class than creating one, unless an unregistered endpoint is removed") {
  storage::change_token_status change;
  storage::delete_endpoint_tokens deletion;
  CHECK(class_of(creation_job(1)->command) == work_class::change);
  for (const auto target : {core::credential_status::suspended, core::credential_status::revoked}) {
    change.target = target;
    CHECK(class_of(change) == work_class::revocation);
  }
  change.target = core::credential_status::active;
  CHECK(class_of(change) == work_class::change);
  CHECK(class_of(deletion) == work_class::revocation);
  deletion.origin.how = core::channel::elce;
  CHECK(class_of(deletion) == work_class::maintenance);
  CHECK(class_of(storage::find_basic{}) == work_class::authentication);
  CHECK(class_of(storage::find_x509{}) == work_class::authentication);
  CHECK(class_of(storage::list_clients{}) == work_class::read);
  CHECK(class_of(storage::export_tokens{}) == work_class::bulk);
  CHECK(class_of(storage::claim_events{}) == work_class::maintenance);
}
