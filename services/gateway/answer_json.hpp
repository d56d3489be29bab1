#pragma once

#include "kefu/v1/ask.pb.h"

#include <nlohmann/json.hpp>

namespace kefu::gateway {

nlohmann::ordered_json sources_array(const google::protobuf::RepeatedPtrField<kefu::v1::Source>& sources);

/// `{decision, confidence}`, and `degraded` and `searched` where there is something to say.
nlohmann::ordered_json judgement_json(const kefu::v1::Answer& answer);

}  // namespace kefu::gateway
