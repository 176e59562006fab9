#include "actors/database/class_queue.hpp"
#include "catch.hpp"
#include "storage_fixtures.hpp"

using namespace cm;
using namespace cm::actors;
using namespace cm::test;

namespace {

constexpr std::array<std::size_t, batch_kind_count> most{1, 3, 4, 4};

/// A queue whose commands are numbered in the order of their arrival.
struct numbered {
  explicit numbered(class_limits limits = {}) : queue(limits) {}

  bool add(storage_job_ptr job) { return queue.add({++last, std::move(job), at(seconds{0})}); }

  std::vector<ticket> take(core::steady_time now = at(seconds{0})) {
    std::vector<ticket> out;
    for (const auto& command : queue.take(most, now, late))
      out.push_back(command.id);
    return out;
  }

  class_queue queue;
  std::vector<waiting_command> late;
  ticket last = 0;
};

storage_job_ptr certificate_job(std::size_t count, core::steady_time deadline = far_away()) {
  storage::find_x509 command;
  command.subjects.resize(count);
  return job_of(std::move(command), deadline);
}

using tickets_taken = std::vector<ticket>;

} // namespace

TEST_CASE("commands start in the order of arrival, and take along those of their kind that wait behind them") {
  numbered q;
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(q.add(creation_job(i)));           // 1 to 4
  CHECK(q.add(command_job()));               // 5
  CHECK(q.add(login_job("a")));              // 6
  CHECK(q.add(command_job()));               // 7
  CHECK(q.add(login_job("b")));              // 8
  CHECK(q.take() == tickets_taken{1, 2, 3}); // at most three
  CHECK(q.take() == tickets_taken{4});
  CHECK(q.take() == tickets_taken{5});
  CHECK(q.take() == tickets_taken{6, 8});
  CHECK(q.take() == tickets_taken{7});
  CHECK(q.take().empty());
  CHECK(q.queue.bytes() == 0);
}

TEST_CASE("certificates count against the limit of a batch one by one; a command that is too long starts alone") {
  numbered q;
  for (const auto count : std::vector<std::size_t>{2, 2, 1, 9, 1})
    CHECK(q.add(certificate_job(count)));
  CHECK(q.take() == tickets_taken{1, 2});
  CHECK(q.take() == tickets_taken{3});
  CHECK(q.take() == tickets_taken{4});
  CHECK(q.take() == tickets_taken{5});
}

TEST_CASE("a queue takes no more commands, and no more bytes, than its bound") {
  numbered by_number{{2, std::size_t{1} << 20U}};
  CHECK(by_number.add(command_job()));
  CHECK(by_number.add(creation_job(1)));
  CHECK_FALSE(by_number.add(command_job()));
  CHECK(by_number.take() == tickets_taken{1});
  CHECK(by_number.add(command_job()));

  storage::import_tokens lines;
  lines.items.resize(100);
  for (auto& line : lines.items)
    line.endpoint_id = std::string(1000, 'x');
  const auto import = job_of(std::move(lines));
  CHECK(bytes_of(import->command) > 100'000);
  numbered by_bytes{{100, 2 * bytes_of(import->command)}};
  CHECK(by_bytes.add(import));
  CHECK(by_bytes.add(import));
  CHECK_FALSE(by_bytes.add(import));
  CHECK_FALSE(by_bytes.add(command_job()));
  CHECK(by_bytes.take() == tickets_taken{1});
  CHECK(by_bytes.add(command_job()));
}

TEST_CASE("a command whose deadline has passed is not started, in a batch or alone") {
  numbered q;
  CHECK(q.add(command_job(at(seconds{1}))));
  CHECK(q.add(login_job("a", at(seconds{3}))));
  CHECK(q.add(login_job("b", at(seconds{1}))));
  CHECK(q.add(login_job("c", at(seconds{3}))));
  CHECK(q.take(at(seconds{2})) == tickets_taken{2, 4});
  REQUIRE(q.late.size() == 2);
  CHECK(q.late[0].id == 1);
  CHECK(q.late[1].id == 3);
  CHECK(q.queue.empty());
  CHECK(q.queue.bytes() == 0);
}

TEST_CASE("expired commands leave the queue, wherever they wait") {
  numbered q;
  CHECK(q.add(command_job()));
  CHECK(q.add(command_job(at(seconds{1}))));
  CHECK(q.add(login_job("a", at(seconds{1}))));
  q.queue.take_expired(at(seconds{1}), q.late);
  CHECK(q.late.size() == 2);
  CHECK(q.queue.size() == 1);
  std::vector<waiting_command> rest;
  q.queue.take_all(rest);
  REQUIRE(rest.size() == 1);
  CHECK(rest[0].id == 1);
  CHECK(q.queue.bytes() == 0);
}
