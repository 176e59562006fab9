// The baseline responder: answers every request with the same bytes, with cnats, without reading the request.
//   nats_echo SERVER PORT SUBJECT QUEUE [--bytes N] [--mode callback|next] [--io-buffer BYTES]
// Credentials are in NATS_USERNAME and NATS_PASSWORD. Prints "ready" and ends on SIGTERM.
#include <nats/nats.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <pthread.h>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

void require(natsStatus status, const char* what) {
  if (status != NATS_OK)
    throw std::runtime_error(std::string(what) + ": " + natsStatus_GetText(status));
}

constexpr std::size_t max_batch = 256;

struct responder {
  natsConnection* connection = nullptr;
  std::string answer;
  std::vector<natsMsg*> batch;

  /// One write with the library's shortest flush delay (docs/decisions/0002-nats-flush.md).
  void answer_all() {
    for (auto* msg : batch) {
      if (const char* reply = natsMsg_GetReply(msg))
        natsConnection_Publish(connection, reply, answer.data(), static_cast<int>(answer.size()));
      natsMsg_Destroy(msg);
    }
    batch.clear();
    natsConnection_FlushTimeout(connection, 1);
  }
};

void on_message(natsConnection* /*nc*/, natsSubscription* subscription, natsMsg* msg, void* closure) {
  auto& own = *static_cast<responder*>(closure);
  own.batch.push_back(msg);
  int messages = 0;
  int bytes = 0;
  if (natsSubscription_GetPending(subscription, &messages, &bytes) != NATS_OK || messages <= 0
      || own.batch.size() >= max_batch)
    own.answer_all();
}

/// Answers pending messages until the connection is closed.
void take_batches(responder& own, natsSubscription* subscription) {
  for (;;) {
    natsMsg* msg = nullptr;
    auto status = natsSubscription_NextMsg(&msg, subscription, 1000);
    if (status == NATS_TIMEOUT)
      continue;
    for (; status == NATS_OK; status = natsSubscription_NextMsg(&msg, subscription, 0)) {
      own.batch.push_back(msg);
      if (own.batch.size() >= max_batch)
        break;
    }
    if (!own.batch.empty())
      own.answer_all();
    if (status != NATS_OK && status != NATS_TIMEOUT)
      return;
  }
}

int run(std::span<char*> arguments) {
  if (arguments.size() < 5) {
    std::cerr << "usage: nats_echo SERVER PORT SUBJECT QUEUE [--bytes N] [--mode callback|next] [--io-buffer BYTES]\n";
    return 64;
  }
  responder own;
  own.answer.assign(123, 'x'); // the size of CM's answer for a valid token of an endpoint with a UUID as its ID
  bool by_callback = true;
  int io_buffer = 0;
  for (std::size_t i = 5; i + 1 < arguments.size(); i += 2) {
    const std::string_view name = arguments[i];
    const char* value = arguments[i + 1];
    if (name == "--bytes")
      own.answer.assign(std::strtoul(value, nullptr, 10), 'x');
    else if (name == "--mode")
      by_callback = std::string_view(value) == "callback";
    else if (name == "--io-buffer")
      io_buffer = static_cast<int>(std::strtol(value, nullptr, 10));
    else
      throw std::runtime_error("unknown option " + std::string(name));
  }
  // Blocked before the library's threads start, so that only this thread receives the signals.
  sigset_t ends{};
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);

  natsOptions* options = nullptr;
  require(natsOptions_Create(&options), "options");
  const std::string url = std::string("nats://") + arguments[1] + ":" + arguments[2];
  require(natsOptions_SetURL(options, url.c_str()), "URL");
  // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread so far
  require(natsOptions_SetUserInfo(options, std::getenv("NATS_USERNAME"), std::getenv("NATS_PASSWORD")), "login");
  if (io_buffer > 0)
    require(natsOptions_SetIOBufSize(options, io_buffer), "buffer");
  require(natsConnection_Connect(&own.connection, options), "connect");
  natsSubscription* subscription = nullptr;
  std::thread taker;
  if (by_callback) {
    require(natsConnection_QueueSubscribe(&subscription, own.connection, arguments[3], arguments[4], on_message, &own),
            "subscribe");
  } else {
    require(natsConnection_QueueSubscribeSync(&subscription, own.connection, arguments[3], arguments[4]), "subscribe");
    taker = std::thread([&own, subscription] { take_batches(own, subscription); });
  }
  require(natsConnection_FlushTimeout(own.connection, 5000), "subscribe");
  std::cout << "ready" << std::endl;
  int which = 0;
  sigwait(&ends, &which);
  natsConnection_Close(own.connection);
  if (taker.joinable())
    taker.join();
  natsSubscription_Destroy(subscription);
  natsConnection_Destroy(own.connection);
  natsOptions_Destroy(options);
  nats_Close();
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  try {
    return run({argv, static_cast<std::size_t>(argc)});
  } catch (const std::exception& error) {
    std::cerr << "nats_echo: " << error.what() << "\n";
    return 1;
  }
}
