// The statements that sql_load measures.
#pragma once

#include "sql_client.hpp"
#include "sql_measure.hpp"
#include "sql_options.hpp"

#include <memory>
#include <string>

namespace cm::benchmark {

/// SELECT … WHERE token_hash IN (…): every column that a validation needs, each row fetched.
[[nodiscard]] std::unique_ptr<sql_work> make_find(sql_client& client, const sql_options& options);

/// INSERT of options.keys rows into `table`.
[[nodiscard]] std::unique_ptr<sql_work> make_insert(sql_client& client, const sql_options& options,
                                                    const std::string& table);

/// UPDATE from Inactive to Active of options.keys ids of `table`; other rows are not changed.
[[nodiscard]] std::unique_ptr<sql_work> make_update(sql_client& client, const sql_options& options,
                                                    const std::string& table);

} // namespace cm::benchmark
