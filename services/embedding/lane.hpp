#pragma once

namespace kefu::embedding {

/// Questions, whose callers wait, go before imports, however many of those there are.
enum class Lane { question, import };

}  // namespace kefu::embedding
