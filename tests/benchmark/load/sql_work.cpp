#include "sql_work.hpp"

#include "sql_rows.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

namespace cm::benchmark {

namespace {

constexpr std::size_t max_text = 255;

// A tinyint can be fetched as an 8-byte integer too.
struct found_row {
  std::array<unsigned char, 16> id{};
  std::array<char, max_text> application{};
  std::array<char, max_text> endpoint{};
  std::array<unsigned char, 32> hash{};
  std::array<unsigned long, 3> lengths{};
  std::int64_t status = 0;
  std::int64_t created_at = 0;
  std::int64_t updated_at = 0;
};

class find_work final : public sql_work {
public:
  find_work(sql_client& client, const sql_options& options)
    : options_(options), rule_(options), order_(options.rows), hashes_(options.keys),
      select_(client, "SELECT id, application, endpoint_id, status, created_at, updated_at, token_hash FROM "
                        + options.table + " WHERE token_hash IN " + tuples(1, options.keys)) {
    std::vector<MYSQL_BIND> keys;
    for (auto& hash : hashes_)
      keys.push_back(bytes_bind(hash.data(), hash.size()));
    select_.bind_parameters(keys);
    auto& row = row_;
    std::vector<MYSQL_BIND> columns{
      bytes_bind(row.id.data(), row.id.size()),
      text_bind(row.application.data(), row.application.size(), &row.lengths[0]),
      text_bind(row.endpoint.data(), row.endpoint.size(), &row.lengths[1]),
      integer_bind(&row.status),
      integer_bind(&row.created_at),
      integer_bind(&row.updated_at),
      text_bind(reinterpret_cast<char*>(row.hash.data()), row.hash.size(), &row.lengths[2]),
    };
    select_.bind_results(columns);
  }

  void prepare(std::uint64_t row_number) override {
    for (auto& hash : hashes_)
      hash = rule_.hash_of(options_.first + order_[row_number++]);
  }

  std::uint64_t execute() override {
    std::uint64_t found = 0;
    select_.execute();
    while (select_.fetch())
      ++found;
    return found;
  }

private:
  const sql_options& options_;
  row_rule rule_;
  scattered order_;
  std::vector<std::array<unsigned char, 32>> hashes_; ///< bound: never grows
  found_row row_;
  sql_statement select_;
};

class insert_work final : public sql_work {
public:
  insert_work(sql_client& client, const sql_options& options, const std::string& table)
    : options_(options), rule_(options), rows_(options.keys), status_(options.status),
      application_(options.application), application_length_(options.application.size()),
      insert_(client, "INSERT INTO " + table + " (id, token_hash, application, endpoint_id, status, created_at) VALUES "
                        + tuples(options.keys, 6)) {
    std::vector<MYSQL_BIND> values;
    for (auto& row : rows_) {
      values.push_back(bytes_bind(row.id.data(), row.id.size()));
      values.push_back(bytes_bind(row.hash.data(), row.hash.size()));
      values.push_back(text_bind(application_.data(), application_.size(), &application_length_));
      values.push_back(text_bind(row.endpoint.data(), row.endpoint.size(), &row.endpoint_length));
      values.push_back(integer_bind(&status_));
      values.push_back(integer_bind(&row.created_at));
    }
    insert_.bind_parameters(values);
  }

  void prepare(std::uint64_t row_number) override {
    for (auto& row : rows_) {
      const auto row_values = rule_.row_of(options_.first + row_number++);
      row.id = row_values.id;
      row.hash = row_values.hash;
      row.created_at = row_values.created_at;
      row.endpoint_length = std::min(row_values.endpoint.size(), row.endpoint.size());
      std::memcpy(row.endpoint.data(), row_values.endpoint.data(), row.endpoint_length);
    }
  }

  std::uint64_t execute() override {
    insert_.execute();
    return insert_.affected();
  }

private:
  struct bound_row {
    std::array<unsigned char, 16> id{};
    std::array<unsigned char, 32> hash{};
    std::array<char, max_text> endpoint{};
    unsigned long endpoint_length = 0;
    std::int64_t created_at = 0;
  };

  const sql_options& options_;
  row_rule rule_;
  std::vector<bound_row> rows_; ///< bound: never grows
  std::int64_t status_;
  std::string application_;
  unsigned long application_length_;
  sql_statement insert_;
};

class update_work final : public sql_work {
public:
  update_work(sql_client& client, const sql_options& options, const std::string& table)
    : options_(options), rule_(options), order_(options.rows), ids_(options.keys),
      update_(client, "UPDATE " + table
                        + " SET status = 1, updated_at = ?, first_used_at = ? WHERE status = 0 AND id IN "
                        + tuples(1, options.keys)) {
    std::vector<MYSQL_BIND> values{integer_bind(&at_), integer_bind(&at_)};
    for (auto& id : ids_)
      values.push_back(bytes_bind(id.data(), id.size()));
    update_.bind_parameters(values);
  }

  void prepare(std::uint64_t row_number) override {
    for (auto& id : ids_)
      id = rule_.id_of(options_.first + order_[row_number++]);
    // The same order in all threads, so that statements do not deadlock.
    std::sort(ids_.begin(), ids_.end());
  }

  std::uint64_t execute() override {
    update_.execute();
    return update_.affected();
  }

private:
  const sql_options& options_;
  row_rule rule_;
  scattered order_;
  std::vector<std::array<unsigned char, 16>> ids_; ///< bound: never grows
  std::int64_t at_ = 1'795'900'000'000;
  sql_statement update_;
};

} // namespace

std::unique_ptr<sql_work> make_find(sql_client& client, const sql_options& options) {
  return std::make_unique<find_work>(client, options);
}

std::unique_ptr<sql_work> make_insert(sql_client& client, const sql_options& options, const std::string& table) {
  return std::make_unique<insert_work>(client, options, table);
}

std::unique_ptr<sql_work> make_update(sql_client& client, const sql_options& options, const std::string& table) {
  return std::make_unique<update_work>(client, options, table);
}

} // namespace cm::benchmark
