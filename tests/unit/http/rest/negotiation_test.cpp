#include "http/rest/negotiation.hpp"
#include "parsed.hpp"

using cm::http::if_none_match;
using cm::test::make_post;
using cm::test::make_request;

namespace {

bool json_passes(std::string_view accept) {
  return cm::http::accepts(accept, "application", "json");
}

} // namespace

TEST_CASE("Accept allows JSON if a range matches it") {
  const std::string accept =
    GENERATE("application/json", "APPLICATION/Json", "*/*", "application/*", "text/html, */*;q=0.1",
             "text/html;q=0, application/json; q=0.001", "application/json;charset=utf-8",
             "application/*;q=0, application/json", "*/*;q=0, application/*;q=0, application/json;q=1.000",
             "text/plain;x=\"a,application/json;q=0\", application/json", " application/json ,", "",
             "application/json;q=0.5;ext=1", "application/json;level=1;q=0, application/json;level=2;q=1");
  INFO(accept);
  CHECK(json_passes(accept));
}

TEST_CASE("Accept refuses JSON if no range matches it or the most specific one has q=0") {
  const std::string accept =
    GENERATE("text/html", "text/*", "application/xml, text/html;q=0.9", "application/json;q=0",
             "*/*, application/json;q=0", "*/*, application/*;q=0.000", "*/*;q=0", "application/json2",
             "application/jso", "text/json", "text/html;x=\"application/json\"");
  INFO(accept);
  CHECK(!json_passes(accept));
}

TEST_CASE("Malformed ranges in Accept are ignored") {
  const std::string accept = GENERATE("nonsense", "a/b/c", ";;;", "application/json;q=2", "*/json;=", "/");
  INFO(accept);
  CHECK(json_passes(accept));
  CHECK(!json_passes(accept + ", text/html"));
}

TEST_CASE("406 depends on all Accept headers together") {
  CHECK(!cm::http::refuse_unacceptable(make_request("GET", "/")));
  CHECK(!cm::http::refuse_unacceptable(make_request("GET", "/", "Accept: text/html\r\nAccept: */*\r\n")));
  const auto refused = cm::http::refuse_unacceptable(make_request("GET", "/", "Accept: text/html\r\nAccept: a/b\r\n"));
  REQUIRE(refused);
  CHECK(refused->status == 406);
}

TEST_CASE("A JSON body must be declared as JSON, with the charset UTF-8 or none") {
  CHECK(cm::http::is_content_type("application/json", cm::http::media::json));
  CHECK(cm::http::is_content_type("Application/JSON ; charset=UTF-8", cm::http::media::json));
  CHECK(cm::http::is_content_type("application/json;charset=\"utf-8\"", cm::http::media::json));
  CHECK(cm::http::is_content_type("application/json; profile=x", cm::http::media::json));
  for (const auto* charset : {"UTF8", "utf8", "Utf-8", "\"UTF8\"", "'utf-8'", " utf-8", "utf-8;", "utf-8 ; x=y"}) {
    INFO(charset);
    CHECK(cm::http::is_content_type("application/json;charset=" + std::string{charset}, cm::http::media::json));
    CHECK(cm::http::is_content_type("application/x-ndjson; Charset=" + std::string{charset}, cm::http::media::ndjson));
  }
  CHECK(cm::http::is_content_type("application/json; charset = utf-8", cm::http::media::json));
  const std::string other = GENERATE("", "text/json", "application/jsonp", "application/json; charset=latin1",
                                     "application/json; charset=utf-16", "application/json; charset=utf",
                                     "application/json; charset=\"\"", "application/json; charset",
                                     "application/json; charset=", "application/json; charset=utf-8; charset=latin1",
                                     "application/x-ndjson", "application/json, text/plain", "json");
  INFO(other);
  CHECK(!cm::http::is_content_type(other, cm::http::media::json));
}

TEST_CASE("415 answers a body that is not declared as JSON") {
  CHECK(!cm::http::refuse_media_type(make_post("/", "{}")));
  const auto refused = cm::http::refuse_media_type(make_request("POST", "/"));
  REQUIRE(refused);
  CHECK(refused->status == 415);
  CHECK(cm::http::refuse_media_type(
    make_request("POST", "/", "Content-Type: application/json\r\nContent-Type: text/plain\r\n")));
}

TEST_CASE("An entity tag is 40 hex digits in quotes, derived from the representation") {
  const auto tag = cm::http::entity_tag("abc");
  // The first 160 bits of SHA-256("abc"), FIPS 180-4's example.
  CHECK(tag == "\"ba7816bf8f01cfea414140de5dae2223b00361a3\"");
  CHECK(cm::http::entity_tag("abd") != tag);
}

TEST_CASE("If-None-Match uses weak comparison with every tag") {
  const std::string tag = "\"abc\"";
  CHECK(if_none_match("*", tag));
  CHECK(if_none_match("\"abc\"", tag));
  CHECK(if_none_match("W/\"abc\"", tag));
  CHECK(if_none_match(" \"x\" , W/\"y,z\",\t\"abc\" ", tag));
  CHECK(if_none_match(", ,\"abc\",", tag));
  const std::string other =
    GENERATE("", "\"ab\"", "abc", "\"abc", "\"x\" \"abc\"", "w/\"abc\"", "\"x\", abc", "*, \"x\"", "W/", "\"abc\" x");
  INFO(other);
  CHECK(!if_none_match(other, tag));
}

TEST_CASE("If-Match uses strong comparison with every tag") {
  const std::string tag = "\"abc\"";
  CHECK(cm::http::if_match("*", tag));
  CHECK(cm::http::if_match("\"abc\"", tag));
  CHECK(cm::http::if_match(" \"x\" , W/\"y,z\",\t\"abc\" ", tag));
  CHECK(cm::http::if_match("W/\"abc\", \"abc\"", tag));
  const std::string other = GENERATE("", "W/\"abc\"", "\"ab\"", "abc", "\"abc", "\"abc\" x", "*, \"abc\" x");
  INFO(other);
  CHECK(!cm::http::if_match(other, tag));
}

TEST_CASE("All If-Match headers of a request form one condition") {
  CHECK(!cm::http::if_match_condition(make_request("GET", "/")));
  const auto found = cm::http::if_match_condition(make_request("GET", "/", "If-Match: \"a\"\r\nif-match: \"b\"\r\n"));
  CHECK(found == "\"a\", \"b\"");
}

TEST_CASE("A change is excluded by If-None-Match with the resource's tag or an asterisk, and by If-Match without it") {
  const auto holds = [](const std::string& headers) {
    const auto condition = cm::http::write_condition::of(make_request("PUT", "/", headers));
    return condition ? std::optional{condition->holds("\"a\"")} : std::nullopt;
  };
  CHECK(holds("") == std::nullopt);
  CHECK(holds("If-None-Match: *\r\n") == false);
  CHECK(holds("If-None-Match: \"b\", \"a\"\r\n") == false);
  CHECK(holds("If-None-Match: W/\"a\"\r\n") == false);
  CHECK(holds("If-None-Match: \"b\"\r\n") == true);
  CHECK(holds("If-Match: \"a\"\r\n") == true);
  CHECK(holds("If-Match: \"b\"\r\n") == false);
  CHECK(holds("If-Match: \"a\"\r\nIf-None-Match: *\r\n") == false);
  CHECK(holds("If-Match: \"a\"\r\nIf-None-Match: \"b\"\r\n") == true);
}

TEST_CASE("A state that If-None-Match contains excludes the change, even if a former state would permit it") {
  const auto condition = cm::http::write_condition::of(make_request("PUT", "/", "If-None-Match: \"now\"\r\n"));
  REQUIRE(condition);
  const auto copy = *condition;
  CHECK_FALSE(copy.holds("\"now\""));
  CHECK_FALSE(condition->holds("\"before\""));
}

TEST_CASE("415 answers a coded body, and says that only identity is possible") {
  const auto refused = [](const std::string& headers) {
    return cm::http::refuse_coded_body(make_request("POST", "/", headers));
  };
  CHECK(!refused(""));
  CHECK(!refused("Content-Encoding: identity\r\n"));
  CHECK(!refused("Content-Encoding: Identity, \r\n"));
  for (const auto* coding : {"gzip", "GZIP", "x-gzip", "deflate", "br", "zstd", "identity, gzip", "unknown"}) {
    INFO(coding);
    const auto answer = refused("Content-Encoding: " + std::string{coding} + "\r\n");
    REQUIRE(answer);
    CHECK(answer->status == 415);
    CHECK(answer->headers == std::vector<std::pair<std::string, std::string>>{{"Accept-Encoding", "identity"}});
  }
  CHECK(refused("Content-Encoding: identity\r\nContent-Encoding: gzip\r\n"));
}

TEST_CASE("Every media type of the API works in Accept and Content-Type") {
  using cm::http::media;
  const auto accepting = [](const std::string& accept, media offered) {
    return !cm::http::refuse_unacceptable(make_request("GET", "/", "Accept: " + accept + "\r\n"), offered);
  };
  CHECK(accepting("application/x-ndjson", media::ndjson));
  CHECK(accepting("application/*", media::ndjson));
  CHECK(!accepting("application/json", media::ndjson));
  CHECK(accepting("application/yaml", media::yaml));
  CHECK(accepting("text/html,application/xhtml+xml,*/*;q=0.8", media::html));
  CHECK(!accepting("application/json", media::html));

  const auto refused = cm::http::refuse_media_type(make_post("/", "{}"), media::ndjson);
  REQUIRE(refused);
  CHECK(refused->status == 415);
  CHECK(refused->headers == std::vector<std::pair<std::string, std::string>>{{"Accept", "application/x-ndjson"}});
  CHECK(!cm::http::refuse_media_type(make_request("POST", "/", "Content-Type: Application/X-NDJSON; charset=utf-8\r\n"),
                                     media::ndjson));
}
