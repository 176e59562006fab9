#include "mariadb_server.hpp"

#include "stopped_process.hpp"

#include <mysql.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace cm::test {

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using steady = std::chrono::steady_clock;

constexpr std::chrono::seconds start_limit{60};
constexpr std::chrono::seconds stop_limit{30};
constexpr milliseconds poll_pause{10};

// Starts a program with its output in a file. The child ends with this process, also if that is killed.
pid_t spawn(const std::vector<std::string>& arguments, const fs::path& output) {
  std::vector<char*> raw;
  raw.reserve(arguments.size() + 1);
  for (const auto& argument : arguments)
    raw.push_back(const_cast<char*>(argument.c_str()));
  raw.push_back(nullptr);
  const int file = ::open(output.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  const pid_t child = ::fork();
  if (child < 0)
    throw std::runtime_error("fork failed");
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(file, STDOUT_FILENO);
    ::dup2(file, STDERR_FILENO);
    ::execvp(raw[0], raw.data());
    ::_exit(127);
  }
  ::close(file);
  return child;
}

std::string content(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

// mariadb-install-db takes seconds, so it runs once per process.
const fs::path& data_template() {
  static const temporary_directory directory("cm-mariadb-template");
  static const fs::path data = [] {
    auto created = directory.path() / "data";
    std::vector<std::string> install{"mariadb-install-db", "--no-defaults", "--datadir=" + created.string(),
                                     // A starting server deletes the files of others in a shared directory.
                                     "--tmpdir=" + created.parent_path().string(),
                                     "--auth-root-authentication-method=normal", "--skip-test-db",
                                     "--innodb-log-file-size=8M", "--innodb-buffer-pool-size=16M"};
    if (::geteuid() == 0)
      install.emplace_back("--user=root");
    run_program(install);
    return created;
  }();
  return data;
}

struct handle_closer {
  void operator()(MYSQL* handle) const noexcept { mysql_close(handle); }
};

std::unique_ptr<MYSQL, handle_closer> try_root(const fs::path& socket, const char* database) {
  std::unique_ptr<MYSQL, handle_closer> handle{mysql_init(nullptr)};
  if (mysql_real_connect(handle.get(), nullptr, "root", "", database, 0, socket.c_str(), 0) == nullptr)
    return nullptr;
  return handle;
}

std::unique_ptr<MYSQL, handle_closer> root(const fs::path& socket, const char* database) {
  auto handle = try_root(socket, database);
  if (!handle)
    throw std::runtime_error("the test server does not let root in");
  return handle;
}

void run(MYSQL* handle, std::string_view sql) {
  if (mysql_real_query(handle, sql.data(), sql.size()) != 0)
    throw std::runtime_error(std::string{mysql_error(handle)} + " in: " + std::string{sql});
}

} // namespace

temporary_directory::temporary_directory(std::string_view name) {
  auto pattern = (fs::temp_directory_path() / (std::string{name} + "-XXXXXX")).string();
  if (::mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error("no temporary directory");
  path_ = pattern;
}

temporary_directory::~temporary_directory() {
  std::error_code ignored; // the system cleans up its temporary directory
  fs::remove_all(path_, ignored);
}

void run_program(const std::vector<std::string>& arguments) {
  const temporary_directory directory("cm-run");
  const auto output = directory.path() / "output";
  const auto child = spawn(arguments, output);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw std::runtime_error(arguments.front() + " failed: " + content(output));
}

mariadb_server::mariadb_server(std::vector<std::string> arguments)
  : directory_("cm-mariadb"), arguments_(std::move(arguments)) {
  fs::copy(data_template(), directory_.path() / "data", fs::copy_options::recursive);
  start();
  const auto handle = root(directory_.path() / "socket", nullptr);
  run(handle.get(), "CREATE DATABASE cm CHARACTER SET utf8mb4");
  run(handle.get(), "CREATE USER cm@'%' IDENTIFIED BY 'cm-test-password'");
  run(handle.get(), "GRANT ALL ON cm.* TO cm@'%'");
}

mariadb_server::~mariadb_server() {
  end(SIGKILL); // an orderly end is not needed: the data is deleted
}

core::database_settings mariadb_server::settings() const {
  core::database_settings settings;
  settings.hosts = {address()};
  settings.database = "cm";
  settings.username = "cm";
  settings.password = core::secret{"cm-test-password"};
  settings.connect_timeout = milliseconds{2000};
  settings.socket_timeout = milliseconds{10000};
  return settings;
}

core::network_address mariadb_server::address() const {
  return {"127.0.0.1", port()};
}

void mariadb_server::execute(std::string_view sql) const {
  run(root(directory_.path() / "socket", "cm").get(), sql);
}

std::vector<std::vector<std::string>> mariadb_server::query(std::string_view sql) const {
  const auto handle = root(directory_.path() / "socket", "cm");
  run(handle.get(), sql);
  const std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)> result{mysql_store_result(handle.get()),
                                                                        &mysql_free_result};
  std::vector<std::vector<std::string>> rows;
  while (auto* row = result ? mysql_fetch_row(result.get()) : nullptr) {
    const auto* lengths = mysql_fetch_lengths(result.get());
    auto& values = rows.emplace_back();
    for (unsigned i = 0; i < mysql_num_fields(result.get()); ++i)
      values.emplace_back(row[i] == nullptr ? std::string{"NULL"} : std::string{row[i], lengths[i]});
  }
  return rows;
}

std::string mariadb_server::value(std::string_view sql) const {
  return query(sql).at(0).at(0);
}

void mariadb_server::recreate_database() const {
  const auto handle = root(directory_.path() / "socket", nullptr);
  run(handle.get(), "DROP DATABASE IF EXISTS cm");
  run(handle.get(), "CREATE DATABASE cm CHARACTER SET utf8mb4");
}

void mariadb_server::start() {
  if (pid_ > 0)
    return;
  launch();
  wait_until_it_answers();
}

void mariadb_server::stop() {
  end(SIGTERM);
}

void mariadb_server::kill() {
  end(SIGKILL);
}

void mariadb_server::pause() const {
  stop_process(pid_);
}

void mariadb_server::resume() const {
  ::kill(pid_, SIGCONT);
}

void mariadb_server::launch() {
  const auto& path = directory_.path();
  std::vector<std::string> command{"mariadbd",
                                   "--no-defaults",
                                   "--datadir=" + (path / "data").string(),
                                   "--socket=" + (path / "socket").string(),
                                   "--pid-file=" + (path / "pid").string(),
                                   "--tmpdir=" + path.string(),
                                   "--port=" + std::to_string(port()),
                                   "--bind-address=127.0.0.1",
                                   "--skip-log-bin",
                                   "--skip-name-resolve",
                                   "--performance-schema=OFF",
                                   "--innodb-buffer-pool-size=32M",
                                   "--innodb-log-file-size=8M",
                                   "--innodb-flush-log-at-trx-commit=2"};
  if (::geteuid() == 0)
    command.emplace_back("--user=root");
  command.insert(command.end(), arguments_.begin(), arguments_.end());
  pid_ = spawn(command, path / "log");
}

void mariadb_server::wait_until_it_answers() {
  const auto limit = steady::now() + start_limit;
  while (!try_root(directory_.path() / "socket", nullptr)) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      throw std::runtime_error("the test server ended: " + content(directory_.path() / "log"));
    }
    if (steady::now() > limit)
      throw std::runtime_error("the test server does not answer: " + content(directory_.path() / "log"));
    std::this_thread::sleep_for(poll_pause);
  }
}

void mariadb_server::end(int signal) {
  if (pid_ <= 0)
    return;
  ::kill(pid_, signal);
  const auto limit = steady::now() + stop_limit;
  while (::waitpid(pid_, nullptr, WNOHANG) == 0) {
    if (steady::now() > limit)
      ::kill(pid_, SIGKILL);
    std::this_thread::sleep_for(poll_pause);
  }
  pid_ = -1;
}

} // namespace cm::test
