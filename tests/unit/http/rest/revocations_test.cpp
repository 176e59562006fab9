#include "core/base/time.hpp"
#include "core/base/uuid.hpp"
#include "http/rest/revocations.hpp"
#include "rest.hpp"

#include <limits>

using cm::core::credential_status;
using cm::test::header;
using cm::test::make_get;
using cm::test::names;
using cm::test::some_id;
using cm::test::wrong_fields;

namespace {

constexpr auto last = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

cm::core::expected<cm::http::revocations_request> read(const std::string& query) {
  return cm::http::parse_revocations(make_get("/api/v1/revocations" + query));
}

} // namespace

TEST_CASE("Cursors survive a round trip") {
  for (const std::uint64_t sequence : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0xfedcba987}, last}) {
    const auto cursor = cm::http::write_cursor(sequence);
    INFO(cursor);
    CHECK(cursor.size() == 18);
    CHECK(cm::http::read_cursor(cursor) == sequence);
  }
}

TEST_CASE("Malformed cursors are refused") {
  const std::string text =
    GENERATE("0", "00000000000000002a", "02000000000000002a", "01000000000000002A", "0100000000000000 a",
             "01000000000000002a0", "0100000000000000-1", "018000000000000000", "01ffffffffffffffff", "next");
  INFO(text);
  CHECK(!cm::http::read_cursor(text));
  if (text.find(' ') == std::string::npos)
    CHECK(wrong_fields(read("?after=" + text)) == names{"after"});
}

TEST_CASE("Reading starts at the beginning or after a cursor") {
  CHECK(read("").value().after == 0);
  CHECK(read("").value().limit == 100);
  CHECK(read("?after=&limit=").value().after == 0);
  const auto result = read("?limit=1000&after=" + cm::http::write_cursor(42));
  CHECK(result.value().after == 42);
  CHECK(result.value().limit == 1000);
  CHECK(wrong_fields(read("?after=x&limit=1001")) == names{"after", "limit"});
  CHECK(wrong_fields(read("?limit=0")) == names{"limit"});
}

TEST_CASE("A page contains the revoked credentials and the next cursor") {
  const auto id = *cm::core::parse_uuid(some_id);
  const auto at = cm::core::from_unix_ms(1795356000123);
  cm::core::revocation tokens;
  tokens.sequence = 7;
  tokens.application = "smart_kettle";
  tokens.endpoint_id = "ep-1";
  tokens.ids = {id, id};
  tokens.to = credential_status::suspended;
  tokens.correlation_id = "c-1";
  tokens.at = at;
  cm::core::revocation client;
  client.sequence = 9;
  client.kind = cm::core::revoked_kind::x509;
  client.ids = {id};
  client.correlation_id = "c-2";
  client.at = at;
  const std::string date = cm::core::to_iso8601(at);
  const auto answer = cm::http::render_revocations(make_get("/"), {tokens, client}, 3);
  CHECK(answer.status == 200);
  CHECK(answer.body
        == R"({"content":[{"type":"endpoint-tokens","applicationName":"smart_kettle","endpointId":"ep-1",)"
           R"("endpointTokenIds":["0192f0a0-0000-7000-8000-000000000001","0192f0a0-0000-7000-8000-000000000001"],)"
           R"("status":"Suspended","date":")"
             + date
             + R"(","correlationId":"c-1"},{"type":"client-credential",)"
               R"("credentialId":"0192f0a0-0000-7000-8000-000000000001","deleted":true,"date":")"
             + date + R"(","correlationId":"c-2"}],"next":"010000000000000009"})");
  CHECK(cm::http::render_revocations(make_get("/", header(answer, "ETag")), {tokens, client}, 3).status == 304);

  client.kind = cm::core::revoked_kind::basic;
  CHECK(cm::http::render_revocations(make_get("/"), {client}, 3).body.find(R"("type":"client-credential")")
        != std::string::npos);
}

TEST_CASE("An empty page returns the request's cursor") {
  CHECK(cm::http::render_revocations(make_get("/"), {}, 42).body == R"({"content":[],"next":"01000000000000002a"})");
  CHECK(cm::http::render_revocations(make_get("/"), {}, 0).body == R"({"content":[],"next":"010000000000000000"})");
}
