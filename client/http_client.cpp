#include "client/http_client.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <optional>
#include <poll.h>
#include <utility>

namespace cm::client {

namespace {

using kind = transport_step::kind;

constexpr std::size_t piece_size = std::size_t{32} * 1024;
constexpr std::chrono::seconds max_wait_for_continue{1}; // RFC 9110 section 10.1.1: must not wait indefinitely

std::string head_of(const connection_settings& with, const http_request& what, bool streamed) {
  std::string out; // reserved in full, because a reallocation would leave secrets in freed memory
  out.reserve(std::size_t{4096} + what.target.size() + with.url.prefix.size() + with.bearer_token.reveal().size()
              + what.body.size());
  out += what.method + ' ' + with.url.prefix + what.target + " HTTP/1.1\r\nHost: " + with.url.authority
         + "\r\nUser-Agent: cm\r\nConnection: close\r\nAccept: " + what.accept + "\r\n";
  if (!with.correlation_id.empty())
    out += "Correlation-ID: " + with.correlation_id + "\r\n";
  if (!with.bearer_token.empty())
    out.append("Authorization: Bearer ").append(with.bearer_token.reveal()).append("\r\n");
  if (!what.content_type.empty())
    out += "Content-Type: " + what.content_type + "\r\n";
  if (streamed)
    out += "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n";
  else if (!what.content_type.empty())
    out += "Content-Length: " + std::to_string(what.body.size()) + "\r\n";
  out += "\r\n";
  return out;
}

// Appends the bytes as a chunk (RFC 9112 section 7.1).
void append_chunk(std::string& out, std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string size;
  for (auto left = bytes.size(); left > 0; left /= digits.size())
    size.insert(size.begin(), digits[left % digits.size()]);
  out.append(size).append("\r\n").append(bytes).append("\r\n");
}

class conversation {
public:
  conversation(const connection_settings& with, transport& wire, answer_reader& reader, input* source, bool whole)
    : with_(with), wire_(wire), reader_(reader), source_(source), whole_(whole) {}

  ~conversation() {
    core::wipe(out_);
    core::wipe(piece_);
  }

  conversation(const conversation&) = delete;
  conversation& operator=(const conversation&) = delete;

  core::expected<void> run(std::string head, clock::time_point began) {
    out_ = std::move(head);
    moved_ = began;
    may_send_at_ = clock::now() + max_wait_for_continue;
    while (!reader_.is_done()) {
      bool moved = false;
      for (const auto step : {&conversation::fill, &conversation::send, &conversation::receive}) {
        const auto done = (this->*step)();
        if (!done)
          return done.error();
        moved = moved || *done;
      }
      if (moved && !whole_)
        moved_ = clock::now();
      if (!moved && !reader_.is_done() && !wait())
        return core::make_error(core::errc::unavailable, "no answer from " + with_.url.authority
                                                           + " in time; the request may have been carried out");
    }
    return {};
  }

private:
  [[nodiscard]] bool may_send_body() const {
    return source_ != nullptr && !source_ended_ && reader_.status() < 300
           && (reader_.is_continued() || clock::now() >= may_send_at_ || reader_.status() != 0);
  }

  core::expected<bool> fill() {
    if (sent_ < out_.size() || !may_send_body() || !source_->is_ready())
      return false;
    piece_.resize(piece_size);
    const auto count = source_->read(piece_);
    if (!count)
      return count.error();
    core::wipe(out_);
    sent_ = 0;
    source_ended_ = *count == 0;
    if (source_ended_)
      out_ = "0\r\n\r\n";
    else
      append_chunk(out_, std::string_view(piece_).substr(0, *count));
    return true;
  }

  core::expected<bool> send() {
    if (sent_ == out_.size() || cannot_send_)
      return false;
    const auto step = wire_.write(std::string_view(out_).substr(sent_));
    write_waits_for_ = step.what == kind::reads ? POLLIN : POLLOUT;
    if (step.what == kind::moved) {
      sent_ += step.size;
      return true;
    }
    // Not an error yet: the service may have sent a response before it closed the connection.
    if (step.what == kind::failed || step.what == kind::ended)
      cannot_send_ = true;
    return false;
  }

  core::expected<bool> receive() {
    std::array<char, piece_size> bytes{};
    const auto step = wire_.read(bytes);
    read_waits_for_ = step.what == kind::writes ? POLLOUT : POLLIN;
    switch (step.what) {
    case kind::moved:
      if (auto taken = reader_.feed({bytes.data(), step.size}); !taken)
        return taken.error();
      return true;
    case kind::ended:
      if (auto ended = reader_.end(); !ended)
        return ended.error();
      return true;
    case kind::failed:
      if (reader_.status() == 0 && sent_ < out_.size())
        return core::make_error(core::errc::unavailable,
                                "the connection to " + with_.url.authority + " broke: " + step.why);
      return core::make_error(core::errc::unavailable, "the connection to " + with_.url.authority
                                                         + " broke before the answer was complete: " + step.why);
    default:
      return false;
    }
  }

  // Waits until a step can make progress; returns false after the timeout.
  bool wait() {
    const bool sending = sent_ < out_.size() && !cannot_send_;
    const bool filling = !sending && source_ != nullptr && !source_ended_ && reader_.status() < 300 && !cannot_send_;
    const bool filling_now = filling && may_send_body();
    auto deadline = moved_ + with_.timeout;
    if (filling && !filling_now)
      deadline = std::min(deadline, may_send_at_);
    std::array<pollfd, 2> both{{{wire_.descriptor(), read_waits_for_, 0}, {-1, POLLIN, 0}}};
    if (sending)
      both[0].events = static_cast<short>(read_waits_for_ | write_waits_for_);
    if (filling_now)
      both[1].fd = source_->descriptor();
    for (;;) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock::now()).count();
      const int timeout = filling_now
                            ? -1 // only the source is slow, not the service
                            : static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
      const int count = ::poll(both.data(), both.size(), timeout);
      if (count > 0)
        return true;
      if (count == 0)
        return clock::now() < moved_ + with_.timeout;
      if (errno != EINTR)
        return false;
    }
  }

  const connection_settings& with_;
  transport& wire_;
  answer_reader& reader_;
  input* source_;
  bool whole_; // one deadline for the whole exchange instead of one per step
  std::string out_;
  std::string piece_;
  std::size_t sent_ = 0;
  bool source_ended_ = false;
  bool cannot_send_ = false;
  short read_waits_for_ = POLLIN;
  short write_waits_for_ = POLLOUT;
  clock::time_point moved_;
  clock::time_point may_send_at_;
};

core::expected<answer> converse(const connection_settings& with, const http_request& what, input* source,
                                answer_reader::stream_handler on_stream) {
  const bool whole = !on_stream;
  const auto began = clock::now();
  auto wire = transport::open(with.url, with.files, began + with.timeout);
  if (!wire)
    return wire.error();
  answer_reader reader(std::move(on_stream));
  conversation talk(with, *wire, reader, source, whole);
  auto head = head_of(with, what, source != nullptr);
  if (source == nullptr)
    head += what.body;
  if (const auto done = talk.run(std::move(head), began); !done)
    return done.error();
  return reader.take();
}

} // namespace

core::expected<answer> ask(const connection_settings& with, const http_request& what) {
  return converse(with, what, nullptr, {});
}

core::expected<answer> receive(const connection_settings& with, const http_request& what,
                               answer_reader::stream_handler on_stream) {
  return converse(with, what, nullptr, std::move(on_stream));
}

core::expected<answer> exchange_streams(const connection_settings& with, const http_request& what, input& from,
                                        answer_reader::stream_handler on_stream) {
  return converse(with, what, &from, std::move(on_stream));
}

} // namespace cm::client
