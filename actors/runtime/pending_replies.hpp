// Requests that an actor answers later. Whatever happens to the actor, each of them is answered exactly once.
#pragma once

#include <caf/typed_response_promise.hpp>

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cm::actors {

/// The Request of pending_replies that need to know nothing but the number.
struct no_request {};

/// Pending requests by number, each with what the actor has to know of it. To be a member of the actor's state: CAF
/// 0.17 answers nobody when a promise is dropped, so the destructor gives the requests that are still pending their
/// last reply, also when the actor fails. Not thread-safe: only the actor itself uses it.
template <class Reply, class Request = no_request>
class pending_replies {
public:
  using promise = caf::typed_response_promise<Reply>;

  /// @param last the reply to requests that are pending when this object is destroyed
  explicit pending_replies(Reply last) : last_(std::move(last)) {}

  ~pending_replies() {
    for (auto& [number, pending] : pending_)
      pending.reply.deliver(last_);
  }

  pending_replies(const pending_replies&) = delete;
  pending_replies& operator=(const pending_replies&) = delete;

  /// Adds a request. @pre no pending request has this number
  /// @return the promise, for the handler of the request to return
  promise add(std::uint64_t number, promise reply, Request request = {}) {
    pending_.emplace(number, entry{reply, std::move(request)});
    return reply;
  }

  /// What is known of a pending request. Null: it has been answered, or there was none. Valid until it is answered.
  [[nodiscard]] Request* find(std::uint64_t number) {
    const auto found = pending_.find(number);
    return found == pending_.end() ? nullptr : &found->second.request;
  }

  /// Answers a request. @return false: it has been answered already, or there was none
  bool answer(std::uint64_t number, Reply reply) {
    const auto found = pending_.find(number);
    if (found == pending_.end())
      return false;
    auto answered = std::move(found->second.reply);
    pending_.erase(found);
    answered.deliver(std::move(reply));
    return true;
  }

  [[nodiscard]] std::size_t size() const noexcept { return pending_.size(); }

  [[nodiscard]] bool empty() const noexcept { return pending_.empty(); }

private:
  struct entry {
    promise reply;
    Request request;
  };

  std::unordered_map<std::uint64_t, entry> pending_;
  Reply last_;
};

/// Pending requests that all get the same reply at the same moment, such as requests to drain. Otherwise like
/// pending_replies.
template <class Reply>
class waiting_replies {
public:
  using promise = caf::typed_response_promise<Reply>;

  /// @param last the reply to requests that wait when this object is destroyed
  explicit waiting_replies(Reply last) : last_(std::move(last)) {}

  ~waiting_replies() { answer(last_); }

  waiting_replies(const waiting_replies&) = delete;
  waiting_replies& operator=(const waiting_replies&) = delete;

  /// Adds a request. @return the promise, for the handler of the request to return
  promise add(promise reply) {
    waiting_.push_back(reply);
    return reply;
  }

  /// Answers all requests.
  void answer(const Reply& reply) {
    for (auto& promise : std::exchange(waiting_, {}))
      promise.deliver(reply);
  }

  /// Takes over the requests that wait in `other`.
  void take(waiting_replies& other) {
    for (auto& promise : std::exchange(other.waiting_, {}))
      waiting_.push_back(std::move(promise));
  }

  [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }

private:
  std::vector<promise> waiting_;
  Reply last_;
};

} // namespace cm::actors
