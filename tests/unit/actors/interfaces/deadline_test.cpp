#include "actors/interfaces/deadline.hpp"
#include "catch.hpp"
#include "messaging/records/ecap.hpp"

#include <limits>

using namespace cm;
using namespace cm::actors;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr core::steady_time arrival{std::chrono::hours{1}};
constexpr std::int64_t unix_arrival = 1'700'000'000'000;

// The moment so long after the arrival.
actors::moment moment_after(milliseconds passed) {
  return {arrival + passed, core::from_unix_ms(unix_arrival + passed.count())};
}

milliseconds time_allowed(std::int64_t created, std::int64_t timeout, milliseconds passed = milliseconds{0}) {
  const auto at = request_deadline{arrival, seconds{5}}.shortened_by(created, timeout, moment_after(passed)).at();
  return std::chrono::duration_cast<milliseconds>(at - arrival);
}

} // namespace

TEST_CASE("a deadline counts from the arrival, whenever it is asked for") {
  CHECK(request_deadline{arrival, seconds{5}}.at() == arrival + seconds{5});
  CHECK(time_allowed(unix_arrival, 0, seconds{3}) == seconds{5});
}

TEST_CASE("the timeout of a message counts from its timestamp and shortens the deadline, but never extends it") {
  CHECK(time_allowed(unix_arrival, 700) == milliseconds{700});
  CHECK(time_allowed(unix_arrival - 200, 700) == milliseconds{500}); // it was 200 ms on its way
  CHECK(time_allowed(unix_arrival, 60'000) == seconds{5});
  CHECK(time_allowed(unix_arrival + 60'000, 1) == seconds{5}); // the sender's clock is ahead
}

TEST_CASE("the deadline of a message is the same whenever it is computed") {
  CHECK(time_allowed(unix_arrival, 700, milliseconds{300}) == milliseconds{700});
  CHECK(time_allowed(unix_arrival, 700, milliseconds{700}) == milliseconds{700});
}

TEST_CASE("a timeout that has passed gives a deadline that has passed, and 0 is no timeout") {
  CHECK(time_allowed(unix_arrival - 1000, 700) == milliseconds{0});
  CHECK(time_allowed(unix_arrival, -1) == milliseconds{0});
  CHECK(time_allowed(unix_arrival - 1'000'000, 0) == seconds{5});
}

TEST_CASE("hostile numbers overflow nothing") {
  constexpr auto smallest = std::numeric_limits<std::int64_t>::min();
  constexpr auto largest = std::numeric_limits<std::int64_t>::max();
  CHECK(time_allowed(largest, largest) == seconds{5});
  CHECK(time_allowed(unix_arrival, largest) == seconds{5});
  CHECK(time_allowed(smallest, largest) <= seconds{5});
  CHECK(time_allowed(smallest, smallest) == milliseconds{0});
  CHECK(time_allowed(largest, smallest) <= seconds{5});
}

TEST_CASE("a request of 16/ECAP brings its timestamp and its timeout") {
  messaging::ecap::client_username_password_validation_request request;
  request.timestamp = unix_arrival;
  request.timeout = 250;
  CHECK(deadline_of(request, arrival, seconds{5}, moment_after(milliseconds{0})) == arrival + milliseconds{250});
}
