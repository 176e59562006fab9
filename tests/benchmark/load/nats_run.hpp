// One load run: sends requests, checks every answer, measures latencies.
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
  std::vector<std::string> prime; ///< ranges of which every token is requested once before the measurement
  std::uint32_t in_flight = 64;   ///< closed loop: the constant number of requests; open loop: the maximum
  double rate = 0;                ///< requests per second of an open loop; 0: closed loop
  std::uint64_t count = 0;        ///< number of requests to measure; 0: for `seconds`
  double seconds = 0;
  double warm_up = 0;    ///< seconds of the same load before the measurement
  double deadline = 600; ///< seconds after which the run is aborted, including priming
  double timeout = 5;    ///< seconds after which an answer counts as missing
  double tick = 1e-3;    ///< seconds between the sends of an open loop; latencies still count from the due times
  bool plain = false;    ///< answers are not decoded: for the baseline responder
  std::uint64_t seed = 1;
};

/// Results of the measured part, for all ranges or one. Times in nanoseconds.
struct tally {
  latency_histogram latency;
  std::uint64_t sent = 0;
  std::uint64_t answers = 0; ///< first answers to requests, right or wrong
  std::array<std::uint64_t, 600> statuses{};
  std::uint64_t unexpected = 0;  ///< status other than the expected one of the range
  std::uint64_t undecodable = 0; ///< not the expected Avro record
  std::uint64_t mismatched = 0;  ///< correlation ID of another request
  std::uint64_t missing = 0;
};

struct run_result {
  std::vector<tally> ranges; ///< in the order of the options
  std::uint64_t answers = 0; ///< within the measured time; without aborted and late ones
  double seconds = 0;        ///< measured time: from the first request to the last answer
  std::uint64_t duplicates = 0;
  std::uint64_t late = 0;      ///< answers to requests that had timed out
  std::uint64_t strangers = 0; ///< messages that do not belong to any request
  std::uint64_t unsent = 0;    ///< open loop: due but never sent, because in_flight was reached
  std::int64_t max_gap_ns = 0; ///< longest time without an answer while requests were pending
  latency_histogram lag;       ///< open loop: delay between due time and sending
  double cpu_seconds = 0;      ///< of this process during the measurement
  bool cut_off = false;        ///< the deadline ended the run
};

class load_run {
public:
  /// Connects. Throws std::runtime_error, like run().
  explicit load_run(const run_options& options);

  /// Call once.
  [[nodiscard]] run_result run();

private:
  struct range_state {
    range_options options;
    std::vector<request_template> templates; ///< one, or the requests of the file
    std::uint64_t next = 0;                  ///< of sequential and once
    std::uint64_t threshold = 0;             ///< cumulative weight, compared with a 32-bit random number
    bool exhausted = false;
  };

  struct slot {
    std::uint64_t sequence_hex = 0;
    std::int64_t since = 0; ///< when the request was due
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
  std::vector<std::uint32_t> free_; ///< as a ring, so that a slot is reused as late as possible
  std::uint64_t free_head_ = 0;
  std::uint64_t free_tail_ = 0;
  std::unordered_set<std::uint64_t> given_up_;
  run_result result_;

  phase phase_ = phase::prime;
  std::uint64_t random_state_;
  std::uint32_t sequence_ = 0;
  std::uint32_t waiting_ = 0;
  std::uint64_t budget_ = 0; ///< number of requests that may still be sent in this phase
  std::int64_t hard_end_ = 0;
  std::int64_t clock_ms_ = 0;
  bool measuring_ = false;
  std::int64_t measured_since_ = 0;
  std::int64_t last_answer_ = 0;
  std::int64_t quiet_since_ = 0; ///< time of the last answer, or of the first request after all were answered
  double cpu_before_ = 0;

  struct due {
    std::int64_t at;
    std::uint64_t requests;
  };

  std::deque<due> due_; ///< open loop: due but not sent yet
  std::int64_t next_tick_ = 0;
  double credit_ = 0;
};

} // namespace cm::benchmark
