#include "nats_server.hpp"

#include "stopped_process.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <iomanip>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <vector>

extern "C" char** environ; // NOLINT(readability-redundant-declaration): POSIX leaves it to the program

namespace cm::test {

namespace {

/// Starts a program and discards its output.
pid_t spawn(std::vector<std::string> arguments) {
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (auto& argument : arguments)
    argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t pid = -1;
  const int problem = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (problem != 0)
    throw std::system_error(problem, std::generic_category(), arguments.front());
  return pid;
}

int wait_for(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR)
      throw std::system_error(errno, std::generic_category(), "waitpid");
  }
  return status;
}

void run(std::vector<std::string> arguments) {
  const auto name = arguments.at(0) + " " + arguments.at(1);
  if (wait_for(spawn(std::move(arguments))) != 0)
    throw std::runtime_error(name + " failed");
}

} // namespace

nats_certificates::nats_certificates() {
  std::string pattern = (std::filesystem::temp_directory_path() / "cm-nats-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr)
    throw std::system_error(errno, std::generic_category(), "mkdtemp");
  directory_ = pattern;
  const auto request = [this](const std::string& name, std::vector<std::string> more) {
    std::vector<std::string> command{"openssl",
                                     "req",
                                     "-x509",
                                     "-newkey",
                                     "ec",
                                     "-pkeyopt",
                                     "ec_paramgen_curve:prime256v1",
                                     "-nodes",
                                     "-days",
                                     "2",
                                     "-subj",
                                     "/CN=" + name,
                                     "-keyout",
                                     file((name + ".key").c_str()),
                                     "-out",
                                     file((name + ".pem").c_str())};
    command.insert(command.end(), more.begin(), more.end());
    run(std::move(command));
  };
  request("ca", {});
  request("other-ca", {});
  // Signed by the CA: -CA and -CAkey make -x509 issue them.
  const std::vector<std::string> signed_by_ca{"-CA",          file("ca.pem"), "-CAkey",
                                              file("ca.key"), "-addext",      "basicConstraints=critical,CA:false"};
  auto server = signed_by_ca;
  server.insert(server.end(), {"-addext", "subjectAltName=IP:127.0.0.1"});
  request("server", std::move(server));
  request("client", signed_by_ca);
}

nats_certificates::~nats_certificates() {
  std::error_code ignored; // leftovers in the temporary directory must not fail the test
  std::filesystem::remove_all(directory_, ignored);
}

nats_server::nats_server(nats_server_options options) : options_(std::move(options)) {
  if (options_.started)
    start();
}

nats_server::~nats_server() {
  if (pid_ > 0)
    end(SIGKILL);
  std::error_code ignored; // leftovers in the temporary directory are harmless
  if (!configuration_.empty())
    std::filesystem::remove(configuration_, ignored);
}

std::string nats_server::url() const {
  return (options_.certificates != nullptr ? "tls://127.0.0.1:" : "nats://127.0.0.1:") + std::to_string(port());
}

core::nats_settings nats_server::settings() const {
  core::nats_settings out;
  out.urls = {url()};
  out.username = options_.user;
  out.password = core::secret(options_.password);
  if (const auto* files = options_.certificates; files != nullptr) {
    out.tls_ca_file = files->file("ca.pem");
    out.tls_certificate_file = files->file("client.pem");
    out.tls_key_file = files->file("client.key");
  }
  return out;
}

void nats_server::start() {
  std::vector<std::string> command{"nats-server", "-a", "127.0.0.1", "-p", std::to_string(port())};
  if (!options_.denied.empty()) {
    configuration_ = std::filesystem::temp_directory_path() / ("cm-nats-" + std::to_string(port()) + ".conf");
    std::ofstream(configuration_) << "authorization { users: [ { user: " << std::quoted(options_.user)
                                  << ", password: " << std::quoted(options_.password)
                                  << ", permissions: { publish: { deny: [\"" << options_.denied << "\"] } } } ] }\n";
    command.insert(command.end(), {"-c", configuration_.string()});
  } else if (!options_.user.empty())
    command.insert(command.end(), {"--user", options_.user, "--pass", options_.password});
  if (const auto* files = options_.certificates; files != nullptr) {
    command.insert(command.end(), {"--tlsverify", "--tlscert", files->file("server.pem"), "--tlskey",
                                   files->file("server.key"), "--tlscacert", files->file("ca.pem")});
  }
  pid_ = spawn(std::move(command));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!accepts_connections(port())) {
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      throw std::runtime_error("nats-server did not start");
    }
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error("nats-server does not accept connections");
    std::this_thread::sleep_for(std::chrono::milliseconds(5)); // polling interval
  }
}

void nats_server::end(int signal) {
  ::kill(pid_, signal);
  ::kill(pid_, SIGCONT);
  wait_for(pid_);
  pid_ = -1;
}

void nats_server::stop() {
  end(SIGTERM);
}

void nats_server::kill() {
  end(SIGKILL);
}

void nats_server::pause() {
  stop_process(pid_);
}

void nats_server::resume() {
  ::kill(pid_, SIGCONT);
}

} // namespace cm::test
