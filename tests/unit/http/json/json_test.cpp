#include "catch.hpp"
#include "http/json/json.hpp"
#include "http/json/json_writer.hpp"

using cm::core::errc;
using cm::http::parse_json_object;

namespace {

std::string nested(std::size_t levels) {
  std::string text = "{\"a\":";
  for (std::size_t i = 1; i < levels; ++i)
    text.append("[");
  text.append("1");
  for (std::size_t i = 1; i < levels; ++i)
    text.append("]");
  return text + "}";
}

} // namespace

TEST_CASE("Values of all types are parsed") {
  const auto object = parse_json_object(" {\"s\":\"a\\u00e4\\n\\ud83d\\ude00\",\"n\":-1,\"u\":18446744073709551615,"
                                        "\"d\":1.5,\"t\":true,\"z\":null,\"l\":[1,{\"s\":2}],\"o\":{\"s\":{}}} \n");
  REQUIRE(object.has_value());
  CHECK(object->size() == 8);
  CHECK(object->at("s").as_string() == "a\xc3\xa4\n\xf0\x9f\x98\x80");
  CHECK(object->at("u").as_uint64() == 18446744073709551615U);
}

TEST_CASE("A body that is not a JSON object is invalid") {
  const std::string body =
    GENERATE(std::string{}, std::string{" \r\n\t"}, std::string{"{"}, std::string{"}"}, std::string{"[]"},
             std::string{"\"a\""}, std::string{"1"}, std::string{"null"}, std::string{"{}{}"}, std::string{"{} x"},
             std::string{"{\"a\":1,}"}, std::string{"{a:1}"}, std::string{"{'a':1}"}, std::string{"// c\n{}"},
             std::string{"{\"a\":01}"}, std::string{"{\"a\":NaN}"}, std::string{"{\"a\":\"\n\"}"},
             std::string{"{\"a\":\"\\ud800\"}"}, std::string{"{\"a\":\"\xff\"}"}, std::string{"{\"a\":\"\xc0\x80\"}"},
             std::string{"{\"\xed\xa0\x80\":1}"}, std::string{"\xef\xbb\xbf{}"}, std::string("{}\0", 3));
  INFO(body);
  const auto object = parse_json_object(body);
  REQUIRE(!object.has_value());
  CHECK(object.error().code == errc::invalid);
  CHECK(!object.error().message.empty());
}

TEST_CASE("A duplicate member is an error that names it") {
  const auto error_of = [](std::string_view text) {
    const auto object = parse_json_object(text);
    REQUIRE(!object.has_value());
    REQUIRE(object.error().fields.size() == 1);
    return object.error().fields.front().field;
  };
  CHECK(error_of("{\"token\":\"a\",\"b\":1,\"token\":\"c\"}") == "token");
  CHECK(error_of("{\"t\\u006fken\":1,\"token\":1}") == "token");
  CHECK(error_of("{\"a\":[{\"b\":1,\"b\":1}]}") == "b");
  CHECK(error_of("{\"\":1,\"\":2}").empty());
  CHECK(parse_json_object("{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1},{\"a\":2}]}").has_value());
}

TEST_CASE("Nesting is limited to 32 levels") {
  CHECK(parse_json_object(nested(32)).has_value());
  const auto deep = parse_json_object(nested(33));
  REQUIRE(!deep.has_value());
  CHECK(deep.error().message == "The JSON text is nested too deeply");
  CHECK(!parse_json_object(std::string(60000, '[')).has_value());
}

TEST_CASE("member_reader collects all errors") {
  const auto object = parse_json_object("{\"a\":\"x\",\"b\":1,\"c\":null,\"more\":[]}");
  REQUIRE(object.has_value());
  cm::http::member_reader reader{*object};
  CHECK(reader.required_string("a") == "x");
  CHECK(reader.optional_string("a") == "x");
  CHECK(!reader.optional_string("c"));
  CHECK(!reader.optional_string("d"));
  CHECK(reader.errors().empty());
  CHECK(reader.required_string("b").empty());
  CHECK(!reader.optional_string("b"));
  CHECK(reader.required_string("c").empty());
  CHECK(reader.required_string("d").empty());
  const std::vector<cm::core::field_error> expected{
    {"b", "must be a string"}, {"b", "must be a string"}, {"c", "is required"}, {"d", "is required"}};
  CHECK(reader.errors() == expected);
}

TEST_CASE("All memory of an object comes from the wiping allocator") {
  const auto object = parse_json_object(R"({"token":"a value","deeper":[{"token":"a value"}]})");
  REQUIRE(object.has_value());
  const auto* const library = boost::json::storage_ptr{}.get();
  CHECK(object->storage().get() != library);
  CHECK(object->at("token").storage().get() == object->storage().get());
  CHECK(object->at("deeper").as_array().at(0).as_object().at("token").storage().get() == object->storage().get());
}

TEST_CASE("The writer keeps the order of members and escapes special characters") {
  cm::http::json_writer out;
  out.begin_object().member("z", "\"\\\b\n\r\t\x1f\x7f/").member("a", std::uint64_t{18446744073709551615U});
  out.key("l").begin_array().value("1").begin_object().end_object().value(std::uint64_t{2}).end_array();
  out.member_flag("t", true).member("e", "").member("u", "\xc3\xa4").member("bad", "a\xff\xc3").end_object();
  CHECK(out.take()
        == "{\"z\":\"\\\"\\\\\\u0008\\n\\r\\t\\u001f\\u007f/\",\"a\":18446744073709551615,\"l\":[\"1\",{},2],"
           "\"t\":true,\"e\":\"\",\"u\":\"\xc3\xa4\",\"bad\":\"a\xef\xbf\xbd\xef\xbf\xbd\"}");
}
