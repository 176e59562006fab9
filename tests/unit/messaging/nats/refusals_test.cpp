#include "catch.hpp"
#include "messaging/nats/connection.hpp"

using cm::messaging::refuses_subscription;

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
