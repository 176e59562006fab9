#include "messaging/nats/subscription.hpp"

#include "messaging/nats/connection_options.hpp"

#include <openssl/crypto.h>

#include <array>
#include <atomic>
#include <exception>
#include <utility>

namespace cm::messaging {

namespace {

// cnats frees messages on a thread of its own, and wakes it for each message that is destroyed while it sleeps. With
// requests one at a time that would be an unnecessary wake-up per request, so messages are destroyed many at a time.
class dropped_messages {
public:
  dropped_messages() noexcept = default;

  ~dropped_messages() { destroy_all(); }

  dropped_messages(const dropped_messages&) = delete;
  dropped_messages& operator=(const dropped_messages&) = delete;

  void add(natsMsg* native, std::size_t bytes) noexcept {
    messages_[count_++] = native;
    bytes_ += bytes;
    if (count_ == messages_.size() || bytes_ >= max_bytes)
      destroy_all();
  }

private:
  static constexpr std::size_t max_bytes = std::size_t{256} * 1024;

  void destroy_all() noexcept {
    for (std::size_t i = 0; i < count_; ++i)
      natsMsg_Destroy(messages_[i]);
    count_ = 0;
    bytes_ = 0;
  }

  std::array<natsMsg*, 512> messages_{};
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
};

} // namespace

void message::deleter::operator()(natsMsg* native) const noexcept {
  thread_local dropped_messages dropped;
  const auto bytes = static_cast<std::size_t>(natsMsg_GetDataLength(native));
  // The const_cast is safe: the library owns this memory and does not read the payload any more.
  if (const char* data = natsMsg_GetData(native); data != nullptr)
    OPENSSL_cleanse(const_cast<char*>(data), bytes);
  dropped.add(native, bytes);
}

std::string_view message::subject() const noexcept {
  const char* text = native_ ? natsMsg_GetSubject(native_.get()) : nullptr;
  return text == nullptr ? std::string_view{} : std::string_view(text);
}

std::string_view message::payload() const noexcept {
  const char* data = native_ ? natsMsg_GetData(native_.get()) : nullptr;
  if (data == nullptr)
    return {};
  return {data, static_cast<std::size_t>(natsMsg_GetDataLength(native_.get()))};
}

const char* message::reply() const noexcept {
  const char* text = native_ ? natsMsg_GetReply(native_.get()) : nullptr;
  return text == nullptr ? "" : text;
}

bool pending_level::over_half() const noexcept {
  int messages = 0;
  int bytes = 0;
  return native_ != nullptr && natsSubscription_GetPending(native_, &messages, &bytes) == NATS_OK
         && (messages > messages_ / 2 || bytes > bytes_ / 2);
}

/// The state that the library's delivery thread uses. It keeps itself alive (`self`) until the thread's last callback.
struct subscription::inbox {
  inbox(batch_sink s, std::function<void()> c, std::function<void(std::string_view)> f,
        std::shared_ptr<pending_level> l)
    : sink(std::move(s)), completed(std::move(c)), on_failure(std::move(f)), level(std::move(l)) {}

  // The caller is C code, through which no exception may pass.
  void add(message received, std::size_t payload) noexcept {
    try {
      batch.push_back(std::move(received));
      bytes += payload;
    } catch (const std::exception& problem) {
      failed(1, problem.what());
    }
  }

  void hand_over() noexcept {
    if (batch.empty())
      return;
    message_batch full;
    full.swap(batch);
    bytes = 0;
    if (muted.load(std::memory_order_acquire))
      return;
    const auto count = full.size();
    try {
      sink(std::move(full));
    } catch (const std::exception& problem) {
      failed(count, problem.what());
    }
  }

  void complete() noexcept {
    if (!completed || muted.load(std::memory_order_acquire))
      return;
    try {
      completed();
    } catch (const std::exception& problem) {
      failed(0, problem.what());
    }
  }

  void failed(std::size_t messages, const char* why) noexcept {
    lost.fetch_add(messages, std::memory_order_relaxed);
    try {
      if (on_failure)
        on_failure(why);
    } catch (const std::exception&) {
      return; // it could not be reported either; the messages are counted
    }
  }

  batch_sink sink;
  std::function<void()> completed;
  std::function<void(std::string_view)> on_failure;
  std::shared_ptr<pending_level> level; ///< may be null
  message_batch batch;                  ///< used by the delivery thread only
  std::size_t bytes = 0;                ///< of the payloads in `batch`
  std::atomic<bool> muted{false};
  std::atomic<std::uint64_t> lost{0}; ///< messages that an exception kept from the sink, or that it threw for
  std::shared_ptr<inbox> self;
};

void subscription::on_message(natsConnection* /*nc*/, natsSubscription* native, natsMsg* msg, void* closure) noexcept {
  auto& box = *static_cast<inbox*>(closure);
  if (box.level)
    box.level->native_ = native;
  box.add(message(msg), static_cast<std::size_t>(natsMsg_GetDataLength(msg)));
  // The library removes a message from its list before this call, and makes a call for each message on the list unless
  // the subscription is closed. So a batch may wait for the messages that are still pending, and only for them: either
  // this function is called again, or on_complete is.
  int messages = 0;
  int bytes = 0;
  const auto status = natsSubscription_GetPending(native, &messages, &bytes);
  if (status != NATS_OK || messages <= 0 || box.batch.size() >= max_batch || box.bytes >= max_batch_bytes)
    box.hand_over();
}

void subscription::on_complete(void* closure) noexcept {
  const auto box = std::move(static_cast<inbox*>(closure)->self);
  if (box->level)
    box->level->native_ = nullptr;
  box->hand_over();
  box->complete();
}

subscription::subscription(std::shared_ptr<connection> on, std::string subject, natsSubscription* native,
                           std::shared_ptr<inbox> box) noexcept
  : connection_(std::move(on)), subject_(std::move(subject)), native_(native), inbox_(std::move(box)) {}

core::expected<std::unique_ptr<subscription>> subscription::open(std::shared_ptr<connection> on,
                                                                 const std::string& subject,
                                                                 subscription_options options, batch_sink sink,
                                                                 std::function<void()> on_complete) {
  if (options.level) {
    options.level->messages_ = options.pending_messages;
    options.level->bytes_ = options.pending_bytes;
  }
  auto box = std::make_shared<inbox>(std::move(sink), std::move(on_complete), std::move(options.on_failure),
                                     std::move(options.level));
  box->self = box;
  natsSubscription* native = nullptr;
  natsConnection* nc = on->native_;
  auto status = options.queue_group ? natsConnection_QueueSubscribe(&native, nc, subject.c_str(),
                                                                    options.queue_group->c_str(), on_message, box.get())
                                    : natsConnection_Subscribe(&native, nc, subject.c_str(), on_message, box.get());
  if (status != NATS_OK) {
    box->self.reset();
    const bool wrong =
      status == NATS_INVALID_SUBJECT || status == NATS_INVALID_QUEUE_NAME || status == NATS_INVALID_ARG;
    return detail::make_nats_error(wrong ? core::errc::invalid : core::errc::unavailable, subject.c_str(), status);
  }
  status = natsSubscription_SetOnCompleteCB(native, subscription::on_complete, box.get());
  if (status == NATS_OK)
    status = natsSubscription_SetPendingLimits(native, options.pending_messages, options.pending_bytes);
  if (status != NATS_OK) {
    // The connection was closed in between. The delivery thread may still process its last message, and unless
    // on_complete was set nothing reports its end, so the inbox is leaked.
    box->muted = true;
    natsSubscription_Unsubscribe(native);
    on->retire(native);
    return detail::make_nats_error(core::errc::unavailable, subject.c_str(), status);
  }
  return std::unique_ptr<subscription>(new subscription(std::move(on), subject, native, std::move(box)));
}

subscription::~subscription() {
  inbox_->muted.store(true, std::memory_order_release);
  natsSubscription_Unsubscribe(native_); // fails if it has ended already
  connection_->retire(native_);
}

core::expected<void> subscription::drain(std::chrono::milliseconds timeout) {
  const auto status = natsSubscription_DrainTimeout(native_, timeout.count());
  if (status != NATS_OK)
    return detail::make_nats_error(core::errc::unavailable, subject_.c_str(), status);
  return {};
}

std::uint64_t subscription::pending() const noexcept {
  int messages = 0;
  int bytes = 0;
  const auto status = natsSubscription_GetPending(native_, &messages, &bytes);
  return status == NATS_OK && messages > 0 ? static_cast<std::uint64_t>(messages) : 0;
}

std::uint64_t subscription::dropped() const noexcept {
  std::int64_t count = 0;
  const auto dropped = natsSubscription_GetDropped(native_, &count) == NATS_OK ? static_cast<std::uint64_t>(count) : 0;
  return dropped + inbox_->lost.load(std::memory_order_relaxed);
}

} // namespace cm::messaging
