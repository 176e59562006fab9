#include "http/client/exchange.hpp"

#include "core/base/secret.hpp"
#include "core/base/try.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

namespace cm::http {

namespace {

constexpr std::size_t piece_size = std::size_t{32} * 1024;
constexpr std::chrono::seconds max_wait_for_continue{1}; // RFC 9110 section 10.1.1: must not wait indefinitely

// Appends the bytes as a chunk (RFC 9112 section 7.1).
void append_chunk(std::string& out, std::string_view bytes) {
  std::array<char, 2 * sizeof(std::size_t)> size{};
  const auto written = std::to_chars(size.data(), size.data() + size.size(), bytes.size(), 16);
  out.append(size.data(), written.ptr).append("\r\n").append(bytes).append("\r\n");
}

} // namespace

client_exchange::client_exchange(client_connection& over, const std::string& authority, response_reader& reader,
                                 body_source* source)
  : over_(over), authority_(authority), reader_(reader), source_(source), in_(piece_size, '\0') {}

client_exchange::~client_exchange() {
  closing_ = true;
  if (sending_ || receiving_ || watching_)
    over_.close();
  for (auto* buffer : {&out_, &piece_, &in_})
    core::wipe(*buffer);
}

bool client_exchange::is_complete() const {
  return !has_unsent() && !sending_ && !receiving_ && !watching_ && (source_ == nullptr || source_ended_);
}

core::expected<void> client_exchange::run(std::string bytes, const exchange_limit& limit) {
  out_ = std::move(bytes);
  limit_ = limit;
  may_send_at_ = clock::now() + max_wait_for_continue;
  receive();
  while (!reader_.is_done() && !failure_) {
    CM_TRY_VOID(fill());
    send();
    const auto deadline = next_deadline();
    if (!failure_ && !over_.run_one(deadline) && deadline >= limit_.deadline)
      return core::make_error(core::errc::unavailable,
                              "no answer from " + authority_ + " in time; the request may have been carried out");
  }
  if (failure_)
    return *failure_;
  return {};
}

// Whether the next thing to send comes from the source.
bool client_exchange::wants_body() const {
  return source_ != nullptr && !source_ended_ && !has_unsent() && !cannot_send_ && reader_.status() < 300;
}

bool client_exchange::may_send_body() const {
  return reader_.is_continued() || reader_.status() != 0 || clock::now() >= may_send_at_;
}

client_exchange::clock::time_point client_exchange::next_deadline() const {
  if (!wants_body())
    return limit_.deadline;
  if (watching_) // only the source is slow, not the server
    return clock::time_point::max();
  return std::min(limit_.deadline, may_send_at_);
}

// Replaces what was sent by the next piece of the source, if there is one.
core::expected<void> client_exchange::fill() {
  if (!wants_body() || !may_send_body() || watching_)
    return {};
  if (!source_->is_ready()) {
    watch_source();
    return {};
  }
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
  note_progress();
  return {};
}

void client_exchange::watch_source() {
  watching_ = true;
  over_.wait_readable(source_->descriptor(), [this](error_code ec, std::size_t /*none*/) {
    watching_ = false;
    if (ec)
      failure_ = core::make_error(core::errc::internal, "the body cannot be waited for: " + ec.message());
  });
}

void client_exchange::send() {
  if (sending_ || cannot_send_ || !has_unsent())
    return;
  sending_ = true;
  over_.write_some(std::string_view(out_).substr(sent_), [this](error_code ec, std::size_t size) { sent(ec, size); });
}

void client_exchange::sent(error_code ec, std::size_t size) {
  sending_ = false;
  // Not an error yet: the server may have sent a response before it closed the connection.
  cannot_send_ = ec.failed();
  sent_ += size;
  if (!ec)
    note_progress();
}

void client_exchange::receive() {
  receiving_ = true;
  over_.read_some(in_, [this](error_code ec, std::size_t size) { received(ec, size); });
}

void client_exchange::received(error_code ec, std::size_t size) {
  receiving_ = false;
  if (closing_) // the handler of the body is not to be called any more
    return;
  core::expected<void> taken;
  if (!ec)
    taken = reader_.feed(std::string_view(in_).substr(0, size));
  else if (ec == boost::asio::error::eof)
    taken = reader_.end();
  else
    taken = core::make_error(
      core::errc::unavailable,
      "the connection to " + authority_
        + (reader_.status() == 0 && has_unsent() ? " broke: " : " broke before the answer was complete: ")
        + client_connection::reason_of(ec));
  if (!taken) {
    failure_ = taken.error();
  } else if (!reader_.is_done()) {
    note_progress();
    receive();
  }
}

void client_exchange::note_progress() {
  if (limit_.step)
    limit_.deadline = clock::now() + *limit_.step;
}

} // namespace cm::http
