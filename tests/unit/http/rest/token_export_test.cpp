#include "core/base/time.hpp"
#include "core/base/uuid.hpp"
#include "http/rest/token_export.hpp"
#include "rest.hpp"

using cm::test::make_get;
using cm::test::names;
using cm::test::wrong_fields;

TEST_CASE("An export covers one application or all") {
  CHECK(cm::http::parse_export(make_get("/x")).value().empty());
  CHECK(cm::http::parse_export(make_get("/x?applicationName=")).value().empty());
  CHECK(cm::http::parse_export(make_get("/x?applicationName=smart_kettle&other=1")).value() == "smart_kettle");
  for (const std::string query :
       {"applicationName=Kettle", "applicationName=a&applicationName=a", "applicationName=a%20b"})
    CHECK(wrong_fields(cm::http::parse_export(make_get("/x?" + query))) == names{"applicationName"});
  CHECK(wrong_fields(cm::http::parse_export(make_get("/x?applicationName=" + std::string(256, 'a'))))
        == names{"applicationName"});
}

TEST_CASE("An exported token is one line without the token's value") {
  cm::core::endpoint_token token;
  token.id = *cm::core::parse_uuid(cm::test::some_id);
  token.application = "smart_kettle";
  token.endpoint_id = "ep-1";
  token.created_at = cm::core::from_unix_ms(1795356000123);
  std::string out;
  cm::http::write_export_line(out, token);
  token.status = cm::core::credential_status::revoked;
  token.updated_at = cm::core::from_unix_ms(1795356000999);
  cm::http::write_export_line(out, token);
  const std::string begin = R"({"endpointId":"ep-1","applicationName":"smart_kettle",)"
                            R"("endpointTokenId":"0192f0a0-0000-7000-8000-000000000001","status":")";
  CHECK(out
        == begin + "Inactive\",\"createdDate\":\"" + cm::core::to_iso8601(token.created_at) + "\"}\n" + begin
             + "Revoked\",\"createdDate\":\"" + cm::core::to_iso8601(token.created_at) + "\",\"updateDate\":\""
             + cm::core::to_iso8601(*token.updated_at) + "\"}\n");
}
