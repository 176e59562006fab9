#include "core/base/uuid.hpp"
#include "http/rest/token_import.hpp"
#include "rest.hpp"

#include <algorithm>

using cm::core::credential_status;
using cm::http::parse_import_line;
using cm::test::names;
using cm::test::some_id;
using cm::test::wrong_fields;

namespace {

cm::core::uuid id() {
  return *cm::core::parse_uuid(some_id);
}

} // namespace

TEST_CASE("An import line has an endpoint, an application, and optionally a token and a status") {
  auto line = parse_import_line(R"({"endpointId":"ep-1","applicationName":"smart_kettle"})");
  REQUIRE(line.has_value());
  CHECK(line->endpoint_id == "ep-1");
  CHECK(line->application_name == "smart_kettle");
  CHECK(!line->token);
  CHECK(!line->status);

  line = parse_import_line(
    " {\"more\":[1],\"status\":\"Revoked\",\"token\":\"t-1\",\"applicationName\":\"a\",\"endpointId\":\"e\"}\r");
  REQUIRE(line.has_value());
  REQUIRE(line->token);
  CHECK(line->token->reveal() == "t-1");
  CHECK(line->status == credential_status::revoked);

  line = parse_import_line(R"({"endpointId":"e","applicationName":"a","token":null,"status":null})");
  REQUIRE(line.has_value());
  CHECK(!line->token);
  CHECK(!line->status);
}

TEST_CASE("All invalid fields of a line are reported together") {
  CHECK(wrong_fields(parse_import_line("{}")) == names{"endpointId", "applicationName"});
  CHECK(wrong_fields(parse_import_line(R"({"endpointId":"e p","applicationName":"A","token":"a/b","status":"x"})"))
        == names{"endpointId", "applicationName", "token", "status"});
  CHECK(wrong_fields(parse_import_line(R"({"endpointId":1,"applicationName":[],"token":{},"status":true})"))
        == names{"endpointId", "applicationName", "token", "status"});
  CHECK(wrong_fields(parse_import_line(R"({"endpointId":"e","applicationName":"a","endpointId":"e"})"))
        == names{"endpointId"});
  for (const std::string_view line : {"", " \t\r", "[]", "1", "{", "{}{}", "\xff", "null"}) {
    INFO(line);
    CHECK(!parse_import_line(line).has_value());
  }
  CHECK(parse_import_line("").error().message == "The line is empty, a JSON object is expected");
}

TEST_CASE("Error messages do not contain the line's token") {
  const auto wrong = parse_import_line(R"({"endpointId":"e","applicationName":"a","token":"very/secret"})");
  REQUIRE(wrong.has_error());
  std::string out;
  cm::http::write_import_failed(out, 1, wrong.error());
  CHECK(out.find("secret") == std::string::npos);
  CHECK(out.find("\"field\":\"token\"") != std::string::npos);
}

TEST_CASE("Results of an import are written one per line") {
  std::string out;
  const cm::core::secret token{"T\"0ken"};
  cm::http::write_import_created(out, 1, id(), credential_status::inactive, &token);
  cm::http::write_import_created(out, 2, id(), credential_status::suspended, nullptr);
  cm::http::write_import_unchanged(out, 3, id(), credential_status::active);
  cm::http::write_import_failed(out, 4, cm::core::make_error(cm::core::errc::conflict, "Taken\n", "detail"));
  cm::core::error invalid = cm::core::make_error(cm::core::errc::invalid, "The line is not valid");
  invalid.fields = {{"status", "is wrong"}, {"token", "is wrong"}};
  cm::http::write_import_failed(out, 5, invalid);
  const std::string begin = R"("endpointTokenId":"0192f0a0-0000-7000-8000-000000000001",)";
  CHECK(out
        == "{\"line\":1,\"result\":\"created\"," + begin
             + "\"status\":\"Inactive\",\"token\":\"T\\\"0ken\"}\n"
               "{\"line\":2,\"result\":\"created\","
             + begin
             + "\"status\":\"Suspended\"}\n"
               "{\"line\":3,\"result\":\"unchanged\","
             + begin
             + "\"status\":\"Active\"}\n"
               "{\"line\":4,\"result\":\"failed\",\"code\":409,\"message\":\"Taken\\n\"}\n"
               "{\"line\":5,\"result\":\"failed\",\"code\":400,\"message\":\"The line is not valid\","
               "\"errors\":[{\"field\":\"status\",\"message\":\"is wrong\"},"
               "{\"field\":\"token\",\"message\":\"is wrong\"}]}\n");
}

TEST_CASE("A result line shows only the reason phrase of an internal error, but the message of an outage") {
  std::string out;
  cm::http::write_import_failed(out, 1, cm::core::make_error(cm::core::errc::internal, "inner workings"));
  cm::http::write_import_failed(out, 2,
                                cm::core::make_error(cm::core::errc::unavailable, "The database is not available"));
  CHECK(out
        == "{\"line\":1,\"result\":\"failed\",\"code\":500,\"message\":\"Internal Server Error\"}\n"
           "{\"line\":2,\"result\":\"failed\",\"code\":503,\"message\":\"The database is not available\"}\n");
}

TEST_CASE("Appending many result lines preserves earlier ones") {
  std::string out;
  constexpr std::uint64_t lines = 2000;
  const cm::core::secret token{std::string(255, '"')};
  for (std::uint64_t line = 1; line <= lines; ++line)
    cm::http::write_import_created(out, line, id(), credential_status::inactive, &token);
  CHECK(static_cast<std::uint64_t>(std::count(out.begin(), out.end(), '\n')) == lines);
  CHECK(out.find("{\"line\":1,") == 0);
  CHECK(out.find("\n{\"line\":2000,") != std::string::npos);
}
