#include "nats_self_test.hpp"

#include "nats_histogram.hpp"
#include "nats_requests.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <exception>
#include <iostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace cm::benchmark {

namespace {

int failures = 0;

void expect(bool holds, const std::string& what) {
  if (holds)
    return;
  ++failures;
  std::cout << "does not hold: " << what << "\n";
}

/// Compares quantiles of values over nine powers of ten with those of the sorted values.
void quantiles_are_within_one_percent() {
  std::mt19937_64 source(4); // NOLINT(cert-msc32-c,cert-msc51-cpp): the same values every time
  std::uniform_real_distribution<double> exponent(0, 9);
  latency_histogram histogram;
  latency_histogram half;
  std::vector<std::uint64_t> values;
  for (int i = 0; i < 200'000; ++i) {
    values.push_back(static_cast<std::uint64_t>(std::pow(10.0, exponent(source))));
    (i % 2 == 0 ? histogram : half).add(values.back());
  }
  histogram.merge(half);
  std::sort(values.begin(), values.end());
  for (const double fraction : {0.0, 0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto rank = std::max(1.0, std::ceil(fraction * static_cast<double>(values.size())));
    const auto exact = static_cast<double>(values[static_cast<std::size_t>(rank) - 1]);
    const auto found = static_cast<double>(histogram.quantile(fraction));
    expect(std::abs(found - exact) <= 0.01 * exact,
           "quantile " + std::to_string(fraction) + ": " + std::to_string(found) + " for " + std::to_string(exact));
  }
  expect(histogram.max() == values.back(), "the largest value is exact");
  expect(histogram.count() == values.size(), "every value is counted");
  for (const auto value : {std::uint64_t{0}, std::uint64_t{255}, std::uint64_t{256}, ~std::uint64_t{0}}) {
    latency_histogram single;
    single.add(value);
    expect(std::abs(static_cast<double>(single.quantile(0.5)) - static_cast<double>(value))
             <= 0.01 * static_cast<double>(value),
           "a histogram of " + std::to_string(value) + " alone");
  }
  expect(latency_histogram{}.quantile(0.5) == 0, "an empty histogram has no quantiles");
}

void requests_have_their_numbers_in_place() {
  auto message = token_request("subject", "_INBOX.x", "app", "w");
  write_slot(0xabcde, message.bytes.data() + message.slot_at);
  const auto sequence = hex_of(0x01234567);
  std::memcpy(message.bytes.data() + message.slot_at + slot_digits, &sequence, sequence_digits);
  std::memcpy(message.bytes.data() + message.sequence_at, &sequence, sequence_digits);
  write_index(12'345'678, message.bytes.data() + message.index_at);
  write_time(message, 1'800'000'000'000);
  // Bytes: correlation ID 37, time 6, timeout 1, application 4, token 10.
  const std::string head = "PUB subject _INBOX.x.abcde01234567 58\r\n";
  expect(message.bytes.substr(0, head.size()) == head, "the command is " + message.bytes.substr(0, head.size()));
  expect(message.bytes.substr(head.size())
           == "\x48"
              "0be4c4a0-0000-4000-8000-000001234567"
              "\x80\xc0\xe2\x85\xe3\x68"
                + std::string(1, '\0') + "\x06" + "app" + "\x12" + "w12345678\r\n",
         "the payload is encoded as the specification of Avro has it");
  expect(read_slot("abcde") == 0xabcde, "a slot is read as it was written");
  expect(read_slot("ab.de") == max_slots && read_slot("abcDe") == max_slots, "what is no slot is none");
}

void answers_are_decoded_to_the_last_byte() {
  using namespace std::string_literals;
  const auto found = "\x04id\x02\x00\x00\x02t\x00\x02"s + "e\x90\x03\x00"s;
  const auto valid = decode_answer(found);
  expect(valid && valid->correlation_id == "id" && valid->status == 200, "an answer with both IDs");
  const auto refused = decode_answer("\x04id\x02\x00\x02\x02\xa8\x06\x02\x04no"s);
  expect(refused && refused->status == 404, "an answer without IDs, with a reason");
  expect(!decode_answer(found + "x"), "a byte too many is no answer");
  for (std::size_t size = 0; size < found.size(); ++size)
    expect(!decode_answer(std::string_view(found).substr(0, size)), "a part of an answer is no answer");
}

void ranges_are_read() {
  const auto range = parse_range("name=a,prefix=w,first=5,count=10,order=once,weight=0.5,expect=404");
  expect(range.name == "a" && range.prefix == "w" && range.first == 5 && range.count == 10
           && range.order == token_order::once && range.weight == 0.5 && range.expect == 404,
         "a range is what its text says");
  for (const auto* wrong : {"", "name=a", "count=5", "name=a,count=x", "name=a,count=5,color=red"}) {
    bool refused = false;
    try {
      (void)parse_range(wrong);
    } catch (const std::exception&) {
      refused = true;
    }
    expect(refused, "refused: " + std::string(wrong));
  }
}

} // namespace

int self_test() {
  quantiles_are_within_one_percent();
  requests_have_their_numbers_in_place();
  answers_are_decoded_to_the_last_byte();
  ranges_are_read();
  std::cout << failures << " failed\n";
  return failures == 0 ? 0 : 1;
}

} // namespace cm::benchmark
