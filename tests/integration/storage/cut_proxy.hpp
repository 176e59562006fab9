// A TCP proxy that cuts or silences a connection at a chosen statement, so that its outcome is unknown to the client,
// or forwards what the server sends slowly.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace cm::test {

class cut_proxy {
public:
  enum class moment {
    before, ///< the server never gets the statement
    after,  ///< the server executes it, but its response is lost
    silent, ///< the server never gets it, and the connection stays open
  };

  /// Forwards from a loopback port of its own to another one.
  explicit cut_proxy(std::uint16_t target);
  ~cut_proxy();
  cut_proxy(const cut_proxy&) = delete;
  cut_proxy& operator=(const cut_proxy&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

  /// Cuts or silences the next connection that sends this text; once.
  /// @param meanwhile called on the proxy's thread when the server has executed the statement and its response is lost
  ///        (moment::after): until it returns, the proxy accepts no connection
  void arm(std::string text, moment when, std::function<void()> meanwhile = {});

  /// Cuts every connection that sends this text; empty: none any more.
  void reject(std::string text);

  /// The server's data is forwarded with this many bytes per second; 0: at once. Meanwhile nothing else is forwarded.
  void slow_down(unsigned bytes_per_second) noexcept { rate_ = bytes_per_second; }

  /// Whether it has cut since it was armed.
  [[nodiscard]] bool fired() const noexcept { return fired_; }

private:
  struct pair {
    int client = -1;
    int server = -1;
    bool drop_answer = false;
    bool silent = false;
  };

  void serve();
  void accept_one();
  [[nodiscard]] bool from_client(pair& ends);
  [[nodiscard]] bool from_server(pair& ends);
  [[nodiscard]] bool armed_for(std::string_view data, moment& when);
  [[nodiscard]] bool rejects(std::string_view data);
  [[nodiscard]] bool trickle(int socket, std::string_view data) const;

  std::uint16_t target_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::vector<pair> pairs_;
  std::mutex mutex_; // guards text_, when_, meanwhile_ and rejected_
  std::string text_;
  moment when_ = moment::before;
  std::function<void()> meanwhile_;
  std::string rejected_;
  std::atomic<unsigned> rate_ = 0;
  std::atomic<bool> fired_ = false;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

} // namespace cm::test
