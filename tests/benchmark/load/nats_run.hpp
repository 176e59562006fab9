// One run of the load: requests in flight, answers checked one by one, times taken.
#pragma once

#include "nats_histogram.hpp"
#include "nats_requests.hpp"
#include "nats_socket.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_set>
#include <vector>

namespace cm::benchmark {

struct run_options {
  nats_address server;
  std::string subject;
  std::string application;
  std::vector<range_options> ranges;
  std::vector<std::string> prime; ///< ranges of which every token is asked for once beforehand
  std::uint32_t in_flight = 64;   ///< closed loop: always so many; open loop: never more
  double rate = 0;                ///< requests a second of an open loop; 0 is a closed one
  std::uint64_t count = 0;        ///< requests to measure; 0: as long as `seconds`
  double seconds = 0;
  double warm_up = 0;    ///< seconds of the same load before, not counted
  double deadline = 600; ///< seconds after which the run is cut off, priming included
  double timeout = 5;    ///< seconds after which an answer is missing
  double tick = 1e-3;    ///< seconds; an open loop sends what is due so often, all at its intended time
  bool plain = false;    ///< answers are not decoded: those of the bare responder
  std::uint64_t seed = 1;
};

/// Of the measured part, for all ranges or one. Times in nanoseconds.
struct tally {
  latency_histogram latency;
  std::uint64_t sent = 0;
  std::uint64_t answers = 0; ///< right or wrong, each request's first
  std::array<std::uint64_t, 600> statuses{};
  std::uint64_t unexpected = 0;  ///< another status than the range expects
  std::uint64_t undecodable = 0; ///< no record of Avro
  std::uint64_t mismatched = 0;  ///< the answer to another request, by its correlation ID
  std::uint64_t missing = 0;
};

struct run_result {
  std::vector<tally> ranges; ///< in the order of the options
  std::uint64_t answers = 0; ///< within the measured time, those that were cut off or late are not
  double seconds = 0;        ///< measured time: from the first request to the last answer of a count
  std::uint64_t duplicates = 0;
  std::uint64_t late = 0;      ///< answers to requests that were given up before
  std::uint64_t strangers = 0; ///< messages that no request of ours could cause
  std::uint64_t unsent = 0;    ///< open loop: due and never sent, for want of room
  std::int64_t max_gap_ns = 0; ///< longest time without any answer while one was awaited
  latency_histogram lag;       ///< open loop: how much later than intended requests were sent
  double cpu_seconds = 0;      ///< of this process, while it measured
  bool cut_off = false;        ///< the deadline came first
};

class load_run {
public:
  /// Connects. Throws std::runtime_error, as run does.
  explicit load_run(const run_options& options);

  /// Once.
  [[nodiscard]] run_result run();

private:
  struct range_state {
    range_options options;
    std::vector<request_template> templates; ///< one, or those of the file
    std::uint64_t next = 0;                  ///< of sequential and once
    std::uint64_t threshold = 0;             ///< chosen where a 32-bit random number is below it and not another's
    bool exhausted = false;
  };

  struct slot {
    std::uint64_t sequence_hex = 0;
    std::int64_t since = 0; ///< when the request was sent, or should have been
    std::uint32_t message = 0;
    std::uint16_t range = 0;
    bool waiting = false;
    bool counted = false;
  };

  enum class phase : std::uint8_t { prime, warm_up, measure };

  void drive(phase what, std::uint64_t count, double seconds, bool drain);
  void weigh();
  void prime(std::size_t range);
  void measure_from(std::int64_t now);
  void measured_until(std::int64_t now);
  void refresh_time();
  void fall_due(std::int64_t now, std::int64_t end);
  void send_due(std::int64_t now);
  bool send_one(std::int64_t since, std::int64_t now);
  range_state* choose();
  void on_message(std::string_view subject, std::string_view payload, std::int64_t now);
  void check(tally& of, const slot& asked, std::string_view payload);
  void give_up(std::int64_t now);
  std::uint64_t random();

  run_options options_;
  std::string inbox_;
  nats_socket socket_;
  std::vector<range_state> ranges_;
  std::vector<slot> slots_;
  std::vector<std::uint32_t> free_; ///< as a ring, so that a slot rests as long as possible
  std::uint64_t free_head_ = 0;
  std::uint64_t free_tail_ = 0;
  std::unordered_set<std::uint64_t> given_up_;
  run_result result_;

  phase phase_ = phase::prime;
  std::uint64_t random_state_;
  std::uint32_t sequence_ = 0;
  std::uint32_t waiting_ = 0;
  std::uint64_t budget_ = 0; ///< requests that may still be sent in this phase
  std::int64_t hard_end_ = 0;
  std::int64_t clock_ms_ = 0;
  bool measuring_ = false;
  std::int64_t measured_since_ = 0;
  std::int64_t last_answer_ = 0;
  std::int64_t quiet_since_ = 0; ///< the last answer, or the first request after everything was answered
  double cpu_before_ = 0;

  struct due {
    std::int64_t at;
    std::uint64_t requests;
  };

  std::deque<due> due_; ///< open loop: what was to be sent and is not yet
  std::int64_t next_tick_ = 0;
  double credit_ = 0;
};

} // namespace cm::benchmark
