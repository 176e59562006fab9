#include "catch.hpp"
#include "messaging/nats/connection.hpp"

using cm::messaging::refuses_subscription;

TEST_CASE("the server's words about a subscription that it does not permit are known by its subject") {
  CHECK(refuses_subscription("Permissions Violation for Subscription to \"a.b\"", "a.b"));
  CHECK(refuses_subscription("Permissions Violation for Subscription to \"a.b\" using queue \"cm\"", "a.b"));
  CHECK(refuses_subscription("Permissions Violation for Subscription to \"a.b\" (sid \"7\")", "a.b"));
}

TEST_CASE("words about another subject, about a publication, or about nothing are none about a subscription") {
  CHECK_FALSE(refuses_subscription("Permissions Violation for Subscription to \"a.b.c\"", "a.b"));
  CHECK_FALSE(refuses_subscription("Permissions Violation for Subscription to \"x.a.b\"", "a.b"));
  CHECK_FALSE(refuses_subscription("Permissions Violation for Subscription to \"c\" using queue \"a.b\"", "a.b"));
  CHECK_FALSE(refuses_subscription("Permissions Violation for Publish to \"a.b\"", "a.b"));
  CHECK_FALSE(refuses_subscription("Permissions Violation for Subscription to \"a.b", "a.b"));
  CHECK_FALSE(refuses_subscription("", "a.b"));
}
