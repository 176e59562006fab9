#include "catch.hpp"
#include "core/base/time.hpp"
#include "http/management/management.hpp"

using cm::core::health_status;

namespace {

cm::core::health_snapshot sample_health() {
  cm::core::health_snapshot result;
  result.status = health_status::up;
  result.db.status = health_status::up;
  result.db.version = "10.11.6";
  result.nats.status = health_status::up;
  result.nats.server = "nats://nats:4222";
  result.license.status = health_status::up;
  result.license.subject = "CN=Example";
  result.license.expires = cm::core::from_unix_ms(0);
  result.outbox = {health_status::up, 3};
  result.actors.status = health_status::up;
  result.actors.restarts = 2;
  result.ready = true;
  return result;
}

} // namespace

TEST_CASE("Health shows every component in order") {
  const auto answer = cm::http::render_health(sample_health(), {});
  CHECK(answer.status == 200);
  CHECK(answer.body
        == R"({"status":"UP","db":{"status":"UP","database":"MariaDB","version":"10.11.6"},)"
           R"("nats":{"status":"UP","server":"nats://nats:4222"},)"
           R"("license":{"status":"UP","subject":"CN=Example","expires":"1970-01-01T00:00:00.000Z"},)"
           R"("outbox":{"status":"UP","pending":3},"actors":{"status":"UP","restarts":2}})");
}

TEST_CASE("Health contains errors and warnings") {
  auto snapshot = sample_health();
  snapshot.status = health_status::down;
  snapshot.db = {health_status::down, "MariaDB", std::nullopt, "connection refused", ""};
  snapshot.nats = {health_status::down, "", "no route"};
  snapshot.warnings = {"trustful mode: not for production"};
  const auto answer = cm::http::render_health(snapshot, {});
  CHECK(answer.status == 503);
  CHECK(answer.body.find(R"("db":{"status":"DOWN","database":"MariaDB","error":"connection refused"})")
        != std::string::npos);
  CHECK(answer.body.find(R"("nats":{"status":"DOWN","error":"no route"})") != std::string::npos);
  CHECK(answer.body.find(R"("warnings":["trustful mode: not for production"]})") != std::string::npos);
}

TEST_CASE("health_detail::status_only renders nothing but the status") {
  CHECK(cm::http::render_health(sample_health(), {}, cm::http::health_detail::status_only).body
        == R"({"status":"UP"})");
}

TEST_CASE("The HTTP status of health follows the mapping") {
  cm::core::management_settings settings;
  auto snapshot = sample_health();
  const auto status = [&](health_status overall) {
    snapshot.status = overall;
    return cm::http::render_health(snapshot, settings).status;
  };
  CHECK(status(health_status::up) == 200);
  CHECK(status(health_status::down) == 503);
  CHECK(status(health_status::out_of_service) == 503);
  CHECK(status(health_status::unknown) == 503);
  settings.health_status_mapping = {{"UNKNOWN", 200}, {"DOWN", 500}, {"UP", 204}};
  CHECK(status(health_status::up) == 204);
  CHECK(status(health_status::down) == 500);
  CHECK(status(health_status::out_of_service) == 503);
  CHECK(status(health_status::unknown) == 200);
}

TEST_CASE("Liveness and readiness are independent") {
  auto snapshot = sample_health();
  snapshot.status = health_status::down;
  CHECK(cm::http::render_liveness(snapshot).status == 200);
  CHECK(cm::http::render_readiness(snapshot).status == 200);
  snapshot.live = false;
  snapshot.ready = false;
  CHECK(cm::http::render_liveness(snapshot).status == 503);
  CHECK(cm::http::render_liveness(snapshot).body == R"({"status":"DOWN"})");
  CHECK(cm::http::render_readiness(snapshot).status == 503);
  CHECK(cm::http::render_readiness(snapshot).body == R"({"status":"OUT_OF_SERVICE"})");
}

TEST_CASE("Info identifies the process") {
  const auto answer = cm::http::render_info({"cm", "r-1", "0.1.0", "0123456789ab", cm::core::from_unix_ms(0), true});
  CHECK(answer.status == 200);
  CHECK(answer.body
        == R"({"instance":"cm","replicaId":"r-1","version":"0.1.0","commit":"0123456789ab",)"
           R"("startTime":"1970-01-01T00:00:00.000Z","trustful":true})");
}
