#include "catch.hpp"
#include "messaging/nats/refusals.hpp"

#include <string>
#include <vector>

using namespace cm::messaging;

TEST_CASE("a permission error of the server is matched to a subscription by its subject") {
  CHECK(refuses_subscription("Permissions Violation for Subscription to \"a.b\"", "a.b"));
  CHECK(refuses_subscription("Permissions Violation for Subscription to \"a.b\" using queue \"cm\"", "a.b"));
  CHECK(refuses_subscription("Permissions Violation for Subscription to \"a.b\" (sid \"7\")", "a.b"));
}

TEST_CASE("an error about another subject, a publication, or nothing does not match") {
  CHECK_FALSE(refuses_subscription("Permissions Violation for Subscription to \"a.b.c\"", "a.b"));
  CHECK_FALSE(refuses_subscription("Permissions Violation for Subscription to \"x.a.b\"", "a.b"));
  CHECK_FALSE(refuses_subscription("Permissions Violation for Subscription to \"c\" using queue \"a.b\"", "a.b"));
  CHECK_FALSE(refuses_subscription("Permissions Violation for Publish to \"a.b\"", "a.b"));
  CHECK_FALSE(refuses_subscription("Permissions Violation for Subscription to \"a.b", "a.b"));
  CHECK_FALSE(refuses_subscription("", "a.b"));
}

TEST_CASE("a permission error of the server is matched to a publication by its subject") {
  CHECK(refuses_publication("Permissions Violation for Publish to \"a.b\"", "a.b"));
  CHECK_FALSE(refuses_publication("Permissions Violation for Publish to \"a.b.c\"", "a.b"));
  CHECK_FALSE(refuses_publication("Permissions Violation for Publish to \"x.a.b\"", "a.b"));
  CHECK_FALSE(refuses_publication("Permissions Violation for Subscription to \"a.b\"", "a.b"));
  CHECK_FALSE(refuses_publication("", "a.b"));
}

TEST_CASE("only a refusal that names a confirmed subject, or does not say what it is about, concerns a publication") {
  const std::vector<std::string> events{"a.b", "c.d"};
  CHECK(may_refuse_publication("Permissions Violation for Publish to \"a.b\"", events));
  CHECK(may_refuse_publication("Permissions Violation for Publish to \"c.d\"", events));
  CHECK(may_refuse_publication("Permissions Violation", events));
  CHECK_FALSE(may_refuse_publication("Permissions Violation for Publish to \"_INBOX.x.y\"", events));
  CHECK_FALSE(may_refuse_publication("Permissions Violation for Publish to \"a.b.c\"", events));
  CHECK_FALSE(may_refuse_publication("Permissions Violation for Subscription to \"a.b\"", events));
  // Others choose the subjects of responses, which may contain anything but spaces.
  CHECK_FALSE(may_refuse_publication("Permissions Violation for Publish to \"x\"Publish to \"a.b\"", events));
  CHECK(may_refuse_publication("Permissions Violation for Publish to \"x\"", {}));
  CHECK_FALSE(may_refuse_publication("Permissions Violation for Subscription to \"x\"", {}));
}
