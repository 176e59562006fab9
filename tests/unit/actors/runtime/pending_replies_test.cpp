#include "actors/interfaces/atoms.hpp"
#include "actors/runtime/pending_replies.hpp"
#include "catch.hpp"
#include "virtual_time.hpp"

#include <memory>
#include <string>

using namespace cm;
using actors::pending_replies;
using actors::waiting_replies;

namespace {

// Answers `read` later by number, `drain` later all at once.
using holder_actor = caf::typed_actor<
  caf::replies_to<actors::read_atom, std::uint64_t>::with<std::string>, caf::replies_to<actors::drain_atom>::with<bool>,
  caf::reacts_to<actors::state_atom, std::uint64_t, std::string>, caf::reacts_to<actors::drained_atom>>;

struct holder_state {
  static inline const char* name = "holder";

  pending_replies<std::string, int> replies{"ended"};
  waiting_replies<bool> drains{false};
  waiting_replies<bool> next_drains{false};
};

struct observed {
  std::vector<bool> answered; ///< what answer() returned
  int* known = nullptr;       ///< what find() returned
};

holder_actor::behavior_type holder(holder_actor::stateful_pointer<holder_state> self, std::shared_ptr<observed> seen) {
  actors::harden(self);
  return {
    [self](actors::read_atom, std::uint64_t number) -> caf::result<std::string> {
      return self->state.replies.add(number, self->make_response_promise<std::string>(), 1);
    },
    [self](actors::drain_atom) -> caf::result<bool> {
      return self->state.next_drains.add(self->make_response_promise<bool>());
    },
    [self, seen](actors::state_atom, std::uint64_t number, const std::string& reply) {
      seen->answered.push_back(self->state.replies.answer(number, reply));
      seen->known = self->state.replies.find(number);
    },
    [self](actors::drained_atom) {
      self->state.drains.take(self->state.next_drains);
      self->state.drains.answer(true);
    },
  };
}

struct holder_fixture {
  test::virtual_system system;
  std::shared_ptr<observed> seen = std::make_shared<observed>();
  holder_actor actor = system.spawn(holder, seen);
};

} // namespace

TEST_CASE("a pending request is answered once, by its number, and others stay pending") {
  holder_fixture f;
  const auto one = f.system.ask<std::string>(f.actor, actors::read_v, std::uint64_t{1});
  const auto two = f.system.ask<std::string>(f.actor, actors::read_v, std::uint64_t{2});
  f.system.tell(f.actor, actors::state_v, std::uint64_t{2}, std::string("second"));
  CHECK(two->value == "second");
  CHECK_FALSE(one->there());
  f.system.tell(f.actor, actors::state_v, std::uint64_t{2}, std::string("again"));
  f.system.tell(f.actor, actors::state_v, std::uint64_t{3}, std::string("nobody"));
  CHECK(two->value == "second");
  CHECK(f.seen->answered == std::vector<bool>{true, false, false});
  CHECK(f.seen->known == nullptr);
}

TEST_CASE("requests that are pending when their actor ends get the last reply, however it ends") {
  const auto reason = GENERATE(caf::exit_reason::kill, caf::exit_reason::user_shutdown);
  holder_fixture f;
  const auto one = f.system.ask<std::string>(f.actor, actors::read_v, std::uint64_t{1});
  const auto two = f.system.ask<std::string>(f.actor, actors::read_v, std::uint64_t{2});
  const auto drain = f.system.ask<bool>(f.actor, actors::drain_v);
  f.system.tell(f.actor, actors::state_v, std::uint64_t{2}, std::string("second"));
  f.system.kill(f.actor, reason);
  CHECK(one->value == "ended");
  CHECK(two->value == "second");
  CHECK(drain->value == false);
}

TEST_CASE("waiting requests are answered together, those taken over included") {
  holder_fixture f;
  const auto first = f.system.ask<bool>(f.actor, actors::drain_v);
  const auto second = f.system.ask<bool>(f.actor, actors::drain_v);
  CHECK_FALSE(first->there());
  f.system.tell(f.actor, actors::drained_v);
  CHECK(first->value == true);
  CHECK(second->value == true);
  const auto third = f.system.ask<bool>(f.actor, actors::drain_v);
  CHECK_FALSE(third->there());
}
