#include "catch.hpp"
#include "core/certificates/distinguished_name.hpp"

#include <algorithm>
#include <set>

using namespace cm::core;

namespace {

using forms = std::vector<std::string>;

distinguished_name named(std::string_view text) {
  auto name = read_distinguished_name(text);
  REQUIRE(name.has_value());
  return *std::move(name);
}

} // namespace

TEST_CASE("the order of the attributes within a relative name does not change its identity") {
  const auto one = named("CN=foo+O=Multi,C=DE");
  const auto other = named("o = Multi + cn = foo, c = DE");
  CHECK(one.canonical == "CN=foo+O=Multi,C=DE");
  CHECK(other.canonical == "O=Multi+CN=foo,C=DE");
  CHECK(one.identity == "CN=foo+O=Multi,C=DE");
  CHECK(other.identity == one.identity);
  CHECK(one.others == forms{other.canonical});
  CHECK(other.others == forms{one.canonical});
}

TEST_CASE("the order of the relative names does") {
  CHECK_FALSE(named("CN=foo,O=Multi").identity.has_value());
  CHECK(named("CN=foo,O=Multi").others.empty());
  CHECK(named("C=DE,CN=foo+O=Multi").identity != named("CN=foo+O=Multi,C=DE").identity);
}

TEST_CASE("separators within values separate nothing") {
  for (const auto* text : {"CN=a\\+b", "CN=a\\,O=b", "CN=a\\\\\\+O=b", "CN=\"a+O=b,C=c\"", "1.2.3=#0404432b4f3d"}) {
    INFO(text);
    CHECK_FALSE(named(text).identity.has_value());
    CHECK(named(text).others.empty());
  }
  CHECK(named("O=x\\,y+CN=a\\+b").identity == "CN=a\\+b+O=x\\,y");
  CHECK(named("O=x\\\\+CN=a").identity == "CN=a+O=x\\\\");
}

TEST_CASE("every order of a name is among the others, as long as there are few, and all have one identity") {
  for (const auto& [text, orders] :
       std::vector<std::pair<std::string, std::size_t>>{{"CN=a+O=b", 2},
                                                        {"CN=a+O=b+OU=c,C=d", 6},
                                                        {"CN=a+O=b,L=c+ST=d", 4},
                                                        {"CN=a+O=b+OU=c,L=d+ST=e", 12},
                                                        {"CN=a+O=b+OU=c+C=d", 24},
                                                        {"CN=a+CN=a", 1},
                                                        {"CN=a+O=b+OU=c+L=d,ST=e+C=f", max_name_orders + 1}}) {
    INFO(text);
    const auto name = named(text);
    auto all = name.others;
    all.push_back(name.canonical);
    CHECK(all.size() == orders);
    CHECK(std::set<std::string>(all.begin(), all.end()).size() == orders);
    CHECK(std::find(all.begin(), all.end(), *name.identity) != all.end());
    for (const auto& form : all)
      CHECK(named(form).identity == name.identity);
  }
}

TEST_CASE("a name with many orders has a bounded number of other forms, and still one identity") {
  const auto one = named("CN=a+O=b+OU=c+L=d+ST=e+C=f");
  const auto other = named("C=f+ST=e+L=d+OU=c+O=b+CN=a");
  CHECK(one.others.size() == max_name_orders);
  CHECK(other.others.size() == max_name_orders);
  CHECK(one.identity == other.identity);
  const auto former = named("Mail=a+CN=b+O=c+OU=d+L=e+C=f");
  CHECK(former.others.size() <= max_other_names);
}
