#pragma once

#include "kefu/v1/log.pb.h"

#include <kefu/base/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::gateway {

/// Errors: `not_found`: what is no number is the id of no job.
Result<std::uint64_t> parse_job_id(std::string_view id);

std::string job_json(const kefu::v1::JobState& state);
/// `{"jobs":[...]}`
std::string jobs_json(const std::vector<kefu::v1::JobState>& states);
/// `{"job":"<id>"}`
std::string accepted_json(std::uint64_t job);

}  // namespace kefu::gateway
