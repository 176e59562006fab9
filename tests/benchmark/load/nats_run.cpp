#include "nats_run.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>

namespace cm::benchmark {

namespace {

constexpr double second = 1e9;
constexpr std::int64_t give_up_interval = 100'000'000;
constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

std::int64_t ns(double seconds) {
  return static_cast<std::int64_t>(seconds * second);
}

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

} // namespace

load_run::load_run(const run_options& options)
  : options_(options), inbox_("_INBOX.load" + std::to_string(getpid())), socket_(options.server),
    random_state_(options.seed) {
  if (options_.in_flight == 0 || options_.in_flight > max_slots)
    throw std::runtime_error("1 to " + std::to_string(max_slots) + " requests may be in flight");
  for (const auto& range : options_.ranges) {
    range_state state;
    state.options = range;
    if (range.file.empty())
      state.templates = {token_request(options_.subject, inbox_, options_.application, range.prefix)};
    else
      state.templates = file_requests(options_.subject, inbox_, range.file);
    if (!range.file.empty())
      state.options.count = state.templates.size();
    ranges_.push_back(std::move(state));
  }
  result_.ranges.resize(ranges_.size());
  slots_.resize(options_.in_flight);
  free_.resize(options_.in_flight);
  for (std::uint32_t i = 0; i < options_.in_flight; ++i)
    free_[free_tail_++] = i;
  weigh();
  socket_.subscribe(inbox_ + ".*");
  prctl(PR_SET_TIMERSLACK, 1UL); // the default adds 50 µs to every wait of an open loop
}

run_result load_run::run() {
  hard_end_ = monotonic_ns() + ns(options_.deadline);
  for (const auto& name : options_.prime) {
    const auto range =
      std::find_if(ranges_.begin(), ranges_.end(), [&](const auto& r) { return r.options.name == name; });
    if (range == ranges_.end())
      throw std::runtime_error("there is no range " + name + " to prime");
    prime(static_cast<std::size_t>(range - ranges_.begin()));
  }
  if (options_.warm_up > 0)
    drive(phase::warm_up, no_limit, options_.warm_up, false);
  drive(phase::measure, options_.count > 0 ? options_.count : no_limit,
        options_.count > 0 ? options_.deadline : options_.seconds, true);
  return result_;
}

void load_run::weigh() {
  double total = 0;
  for (const auto& range : ranges_)
    total += range.exhausted ? 0 : range.options.weight;
  double sum = 0;
  for (auto& range : ranges_) {
    sum += range.exhausted ? 0 : range.options.weight;
    range.threshold = total > 0 ? static_cast<std::uint64_t>(sum / total * 4294967296.0) : 0;
  }
}

void load_run::prime(std::size_t range) {
  const auto kept = ranges_;
  for (std::size_t i = 0; i < ranges_.size(); ++i)
    ranges_[i].exhausted = i != range;
  ranges_[range].options.order = token_order::once;
  weigh();
  const auto rate = std::exchange(options_.rate, 0);
  drive(phase::prime, ranges_[range].options.count, options_.deadline, true);
  options_.rate = rate;
  ranges_ = kept;
  weigh();
}

void load_run::drive(phase what, std::uint64_t count, double seconds, bool drain) {
  phase_ = what;
  budget_ = count;
  auto now = monotonic_ns();
  const auto end = std::min(now + ns(seconds), hard_end_);
  if (what == phase::measure)
    measure_from(now);
  if (options_.rate > 0 && next_tick_ == 0)
    next_tick_ = now;
  auto next_check = now + give_up_interval;
  bool sending = true;
  for (;;) {
    now = monotonic_ns();
    if (sending) {
      refresh_time();
      if (options_.rate > 0) {
        fall_due(now, end);
        send_due(now);
      } else {
        while (free_head_ != free_tail_ && budget_ > 0 && send_one(now, now))
          --budget_;
      }
      const bool all_sent = budget_ == 0 && due_.empty();
      if (all_sent || now >= end || std::all_of(ranges_.begin(), ranges_.end(), [](auto& r) { return r.exhausted; })) {
        sending = false;
        result_.cut_off = result_.cut_off || now >= hard_end_;
        if (what == phase::measure && count == no_limit)
          measured_until(now);
        if (!drain)
          return;
        for (const auto& left : due_)
          result_.unsent += left.requests;
        due_.clear();
      }
    }
    socket_.flush();
    if (!sending && waiting_ == 0)
      break;
    auto until = next_check;
    if (sending)
      until = std::min(until, end);
    if (sending && options_.rate > 0)
      until = std::min(until, next_tick_);
    socket_.wait(until);
    if (socket_.receive()) {
      now = monotonic_ns();
      socket_.parse([&](std::string_view subject, std::string_view payload) { on_message(subject, payload, now); });
    }
    if (now >= next_check) {
      give_up(now);
      next_check = now + give_up_interval;
    }
  }
  if (what == phase::measure && measuring_)
    measured_until(std::max(last_answer_, measured_since_ + 1));
}

void load_run::measure_from(std::int64_t now) {
  measuring_ = true;
  measured_since_ = now;
  quiet_since_ = now;
  cpu_before_ = cpu_seconds();
}

void load_run::measured_until(std::int64_t now) {
  measuring_ = false;
  result_.seconds = static_cast<double>(now - measured_since_) / second;
  result_.cpu_seconds = cpu_seconds() - cpu_before_;
  for (const auto& range : result_.ranges)
    result_.answers += range.answers;
}

void load_run::refresh_time() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  if (ms == clock_ms_)
    return;
  clock_ms_ = ms;
  for (auto& range : ranges_)
    if (range.options.file.empty())
      write_time(range.templates.front(), ms);
}

void load_run::fall_due(std::int64_t now, std::int64_t end) {
  for (; next_tick_ <= now && next_tick_ < end && budget_ > 0; next_tick_ += ns(options_.tick)) {
    credit_ += options_.rate * options_.tick;
    const auto requests = std::min(static_cast<std::uint64_t>(credit_), budget_);
    credit_ -= static_cast<double>(requests);
    budget_ -= requests;
    if (requests > 0)
      due_.push_back({next_tick_, requests});
  }
}

void load_run::send_due(std::int64_t now) {
  while (!due_.empty() && free_head_ != free_tail_) {
    auto& first = due_.front();
    if (!send_one(first.at, now)) {
      due_.clear();
      return;
    }
    if (--first.requests == 0)
      due_.pop_front();
  }
}

bool load_run::send_one(std::int64_t since, std::int64_t now) {
  auto* range = choose();
  if (range == nullptr)
    return false;
  std::uint64_t index = 0;
  if (range->options.order == token_order::uniform) {
    index = ((random() >> 32U) * range->options.count) >> 32U;
  } else {
    index = range->next++;
    if (range->next == range->options.count) {
      range->next = 0;
      if (range->options.order == token_order::once) {
        range->exhausted = true;
        weigh();
      }
    }
  }
  const auto number = free_[free_head_++ % free_.size()];
  auto& asked = slots_[number];
  asked.sequence_hex = hex_of(++sequence_);
  asked.since = since;
  asked.range = static_cast<std::uint16_t>(range - ranges_.data());
  asked.message = range->options.file.empty() ? 0 : static_cast<std::uint32_t>(index);
  asked.waiting = true;
  asked.counted = phase_ == phase::measure;
  const auto& message = range->templates[asked.message];
  char* out = socket_.append(message.bytes.size());
  std::copy(message.bytes.begin(), message.bytes.end(), out);
  write_slot(number, out + message.slot_at);
  std::memcpy(out + message.slot_at + slot_digits, &asked.sequence_hex, sequence_digits);
  if (message.sequence_at != 0)
    std::memcpy(out + message.sequence_at, &asked.sequence_hex, sequence_digits);
  if (message.index_at != 0)
    write_index(range->options.first + index, out + message.index_at);
  // Only an answer ends a stall, not the timeout of the awaited request.
  if (waiting_++ == 0 && last_answer_ >= quiet_since_)
    quiet_since_ = now;
  if (asked.counted) {
    ++result_.ranges[asked.range].sent;
    if (options_.rate > 0)
      result_.lag.add(static_cast<std::uint64_t>(now - since));
  }
  return true;
}

load_run::range_state* load_run::choose() {
  if (ranges_.size() == 1)
    return ranges_.front().exhausted ? nullptr : &ranges_.front();
  const auto number = random() >> 32U;
  for (auto& range : ranges_)
    if (number < range.threshold)
      return &range;
  return nullptr;
}

void load_run::on_message(std::string_view subject, std::string_view payload, std::int64_t now) {
  if (subject.size() != inbox_.size() + 1 + slot_digits + sequence_digits) {
    ++result_.strangers;
    return;
  }
  const char* suffix = subject.data() + inbox_.size() + 1;
  const auto number = read_slot(suffix);
  std::uint64_t sequence_hex = 0;
  std::memcpy(&sequence_hex, suffix + slot_digits, sequence_digits);
  if (number >= slots_.size()) {
    ++result_.strangers;
    return;
  }
  auto& asked = slots_[number];
  if (phase_ == phase::measure)
    result_.max_gap_ns = std::max(result_.max_gap_ns, now - quiet_since_);
  last_answer_ = quiet_since_ = now;
  if (!asked.waiting || asked.sequence_hex != sequence_hex) {
    ++(given_up_.erase(sequence_hex) > 0 ? result_.late : result_.duplicates);
    return;
  }
  asked.waiting = false;
  --waiting_;
  free_[free_tail_++ % free_.size()] = number;
  if (!asked.counted)
    return;
  auto& of = result_.ranges[asked.range];
  ++of.answers;
  of.latency.add(static_cast<std::uint64_t>(std::max<std::int64_t>(0, now - asked.since)));
  if (!options_.plain)
    check(of, asked, payload);
}

void load_run::check(tally& of, const slot& asked, std::string_view payload) {
  const auto answer = decode_answer(payload);
  if (!answer) {
    ++of.undecodable;
    return;
  }
  const auto& range = ranges_[asked.range];
  const auto& message = range.templates[asked.message];
  auto id = answer->correlation_id;
  bool same = true;
  if (message.sequence_at != 0) {
    same = id.size() == message.correlation_id.size() + sequence_digits
           && std::memcmp(id.data() + message.correlation_id.size(), &asked.sequence_hex, sequence_digits) == 0;
    id = id.substr(0, message.correlation_id.size());
  }
  if (!same || id != message.correlation_id)
    ++of.mismatched;
  ++of.statuses[static_cast<std::size_t>(answer->status)];
  if (range.options.expect && *range.options.expect != answer->status)
    ++of.unexpected;
}

void load_run::give_up(std::int64_t now) {
  if (phase_ == phase::measure && waiting_ > 0)
    result_.max_gap_ns = std::max(result_.max_gap_ns, now - quiet_since_);
  for (std::uint32_t i = 0; i < slots_.size(); ++i) {
    auto& asked = slots_[i];
    if (!asked.waiting || now - asked.since < ns(options_.timeout))
      continue;
    asked.waiting = false;
    --waiting_;
    free_[free_tail_++ % free_.size()] = i;
    if (given_up_.size() < max_slots)
      given_up_.insert(asked.sequence_hex);
    if (asked.counted)
      ++result_.ranges[asked.range].missing;
  }
}

/// SplitMix64 (Steele, Lea, Flood 2014).
std::uint64_t load_run::random() {
  std::uint64_t z = random_state_ += 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

} // namespace cm::benchmark
