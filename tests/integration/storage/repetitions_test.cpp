// A command whose response was lost is repeated after other commands have changed the same credential: their changes
// stay.
#include "catch.hpp"
#include "core/credentials/change_origin.hpp"
#include "cut_proxy.hpp"
#include "fixture.hpp"
#include "sample_change.hpp"

using namespace cm;
using namespace cm::test;
using namespace cm::storage;
using core::client_kind;
using core::credential_status;

namespace {

constexpr core::timestamp later = core::from_unix_ms(4'000'000);
const core::change_origin somebody{core::channel::rest, "somebody else", "another-change"};

// A session whose next change is committed but loses its response; another session acts before the second attempt.
struct lost_answer_fixture : storage_fixture {
  lost_answer_fixture() : proxy(server.port()), db(through_proxy()), direct(server.settings()) {
    db.connect().value(); // its own statements are not to be taken for those of a command
  }

  [[nodiscard]] core::database_settings through_proxy() const {
    auto settings = server.settings();
    settings.hosts = {{"127.0.0.1", proxy.port()}};
    return settings;
  }

  template <class Reply>
  Reply with(const char* statement, const command& what, const std::function<void(session&)>& meanwhile) {
    proxy.arm(statement, cut_proxy::moment::after, [this, meanwhile] {
      const client_thread thread_of_proxy;
      session other{server.settings()};
      meanwhile(other);
    });
    auto reply = must<Reply>(db, what);
    if (!proxy.fired())
      throw std::runtime_error("no answer was lost");
    return reply;
  }

  [[nodiscard]] std::string status_of(const std::string& table, std::uint32_t number) const {
    return server.value("SELECT COALESCE(MAX(status), 'none') FROM " + table + " WHERE " + is_row(number));
  }

  cut_proxy proxy;
  session db;
  session direct;
};

change_token_status status_change(credential_status to) {
  return {token_address{"ep-1", id_of(1)}, to, moment, origin, {}};
}

} // namespace

TEST_CASE("a suspension whose answer was lost does not undo an activation that came in between") {
  lost_answer_fixture f;
  make_tokens(f.direct, 1, 1);
  const auto changed =
    f.with<changed_token>(block_that_commits, status_change(credential_status::suspended), [](session& other) {
      must<changed_token>(
        other, change_token_status{token_address{"ep-1", id_of(1)}, credential_status::active, later, somebody, {}});
    });
  CHECK(changed.changed);
  CHECK(changed.token.status == credential_status::active);
  CHECK(changed.event.has_value());
  CHECK(f.status_of("endpoint_token", 1) == "1");
  CHECK(audit_of(f.server, 1).size() == 3);
  CHECK(count_of(f.server, "revocation") == 1);
}

TEST_CASE("a token's activation whose answer was lost does not undo a suspension that came in between") {
  lost_answer_fixture f;
  make_tokens(f.direct, 1, 1);
  must<changed_token>(
    f.direct,
    change_token_status{
      token_address{"ep-1", id_of(1)}, credential_status::suspended, core::from_unix_ms(2'000'000), somebody, {}});
  f.with<changed_token>(block_that_commits, status_change(credential_status::active), [](session& other) {
    must<changed_token>(
      other, change_token_status{token_address{"ep-1", id_of(1)}, credential_status::suspended, later, somebody, {}});
  });
  CHECK(f.status_of("endpoint_token", 1) == "2");
}

TEST_CASE("a client credential's suspension whose answer was lost does not undo an activation that came in between") {
  lost_answer_fixture f;
  const auto kind = GENERATE(client_kind::basic, client_kind::x509);
  must<one_client>(f.direct, client_creation(kind, 1));
  f.with<changed_client>(
    block_that_commits, change_client_status{kind, id_of(1), credential_status::suspended, moment, origin, {}},
    [&](session& other) {
      must<changed_client>(other, change_client_status{kind, id_of(1), credential_status::active, later, somebody, {}});
    });
  CHECK(f.status_of(kind == client_kind::basic ? "basic_credential" : "x509_credential", 1) == "1");
}

TEST_CASE("a password whose answer was lost does not replace one that was set in between") {
  lost_answer_fixture f;
  must<one_client>(f.direct, client_creation(client_kind::basic, 1));
  const auto changed = f.with<changed_client>(
    block_that_commits, set_password{id_of(1), core::secret{"$first"}, moment, origin, {}}, [](session& other) {
      must<changed_client>(other, set_password{id_of(1), core::secret{"$second"}, later, somebody, {}});
    });
  CHECK(changed.changed);
  CHECK(f.server.value("SELECT password_phc FROM basic_credential") == "$second");
  CHECK(audit_of(f.server, 1).size() == 3);
}

TEST_CASE("a creation whose answer was lost does not bring back a token that was deleted in between") {
  lost_answer_fixture f;
  const auto created = f.with<created_token>("COMMIT", creation(1), [](session& other) {
    must<deleted_tokens>(other, delete_token{{"ep-1", id_of(1)}, later, somebody, {}});
  });
  CHECK(created.token.id == id_of(1));
  CHECK(count_of(f.server, "endpoint_token") == 0);
  CHECK(audit_of(f.server, 1).size() == 2);
}

TEST_CASE("a creation of several whose answer was lost brings none of them back") {
  lost_answer_fixture f;
  const auto created = f.with<created_tokens>("COMMIT", create_tokens{{creation(1), creation(2)}}, [](session& other) {
    must<deleted_tokens>(other, delete_token{{"ep-1", id_of(1)}, later, somebody, {}});
  });
  REQUIRE(created.results.size() == 2);
  CHECK(created.results[0].has_value());
  CHECK(created.results[1].has_value());
  CHECK(count_of(f.server, "endpoint_token") == 1);
}

TEST_CASE("a client credential whose answer was lost is not created again after it was deleted") {
  lost_answer_fixture f;
  const auto kind = GENERATE(client_kind::basic, client_kind::x509);
  const auto created = f.with<one_client>("COMMIT", client_creation(kind, 1), [&](session& other) {
    must<deleted_client>(other, delete_client{kind, id_of(1), later, somebody, {}});
  });
  CHECK(created.credential.id == id_of(1));
  CHECK(count_of(f.server, kind == client_kind::basic ? "basic_credential" : "x509_credential") == 0);
}

TEST_CASE("an import whose answer was lost does not bring back a token that was deleted in between") {
  lost_answer_fixture f;
  const import_tokens lines{
    {{id_of(1), hash_of(1), "app", "ep-1", {}}, {id_of(2), hash_of(2), "app", "ep-1", {}}}, moment, origin};
  const auto imported = f.with<imported_tokens>("COMMIT", lines, [](session& other) {
    must<deleted_tokens>(other, delete_token{{"ep-1", id_of(1)}, later, somebody, {}});
  });
  REQUIRE(imported.results.size() == 2);
  CHECK(imported.results[0].verdict == import_verdict::created);
  CHECK(imported.results[1].verdict == import_verdict::created);
  CHECK(count_of(f.server, "endpoint_token") == 1);
  CHECK(audit_of(f.server, 1).size() == 2);
}

TEST_CASE("a deletion of all tokens whose answer was lost does not delete a token that was made in between") {
  lost_answer_fixture f;
  make_tokens(f.direct, 1, 2);
  const auto deleted = f.with<deleted_tokens>("COMMIT", delete_endpoint_tokens{"ep-1", moment, origin, {}},
                                              [](session& other) { make_tokens(other, 3, 3); });
  CHECK(deleted.count == 2);
  CHECK_FALSE(deleted.more);
  CHECK(count_of(f.server, "endpoint_token") == 1);

  SECTION("nor does the caller's own repetition, which says that it is one") {
    const auto again = must<deleted_tokens>(f.direct, delete_endpoint_tokens{"ep-1", moment, origin, {}, true});
    CHECK(again.count == 2);
    CHECK(count_of(f.server, "endpoint_token") == 1);
  }
  SECTION("but another deletion does") {
    CHECK(must<deleted_tokens>(f.direct, delete_endpoint_tokens{"ep-1", later, origin, {}, true}).count == 1);
    CHECK(count_of(f.server, "endpoint_token") == 0);
  }
}
