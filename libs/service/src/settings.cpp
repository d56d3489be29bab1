#include <kefu/service/settings.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <fstream>
#include <iostream>
#include <iterator>
#include <utility>
#include <vector>

namespace kefu::service {
namespace {

std::string environment_variable(const std::string& name) {
  std::string variable = "KEFU_" + name;
  for (char& c : variable)
    c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return variable;
}

struct Unit {
  std::string_view suffix;
  std::int64_t milliseconds;
};
constexpr std::array kUnits{Unit{"ms", 1}, Unit{"s", 1000}, Unit{"m", 60'000}, Unit{"h", 3'600'000}};

/// The text of CLI11's error, empty when `text` is a duration.
std::string parse_duration(const std::string& text, std::chrono::milliseconds& out) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view suffix(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const auto unit = std::ranges::find(kUnits, suffix, &Unit::suffix);
  constexpr std::int64_t kLongest = 366LL * 24 * 3'600'000;
  if (error != std::errc{} || number < 0 || unit == kUnits.end() || number > kLongest / unit->milliseconds) {
    return fmt::format("\"{}\" is not a duration such as 250ms, 5s or 2m", text);
  }
  out = std::chrono::milliseconds(number * unit->milliseconds);
  return {};
}

std::string format_duration(std::chrono::milliseconds duration) {
  return duration.count() % 1000 == 0 ? fmt::format("{}s", duration.count() / 1000)
                                      : fmt::format("{}ms", duration.count());
}

struct SizeUnit {
  std::string_view suffix;
  std::size_t bytes;
};
constexpr std::array kSizeUnits{SizeUnit{"GiB", 1UL << 30}, SizeUnit{"MiB", 1UL << 20},
                                SizeUnit{"KiB", 1UL << 10}, SizeUnit{"B", 1}};

/// The text of CLI11's error, empty when `text` is a size.
std::string parse_size(const std::string& text, ByteSize& out) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view suffix(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const auto unit = std::ranges::find(kSizeUnits, suffix, &SizeUnit::suffix);
  const bool nothing = error == std::errc{} && number == 0 && suffix.empty();
  constexpr std::size_t kLargest = 1UL << 50;
  if (!nothing && (error != std::errc{} || unit == kSizeUnits.end() || number > kLargest / unit->bytes)) {
    return fmt::format("\"{}\" is not a size such as 64KiB, 32MiB or 1GiB", text);
  }
  out.bytes = nothing ? 0 : number * unit->bytes;
  return {};
}

std::string format_size(ByteSize size) {
  const auto unit = std::ranges::find_if(
      kSizeUnits, [&](const SizeUnit& each) { return size.bytes != 0 && size.bytes % each.bytes == 0; });
  return unit == kSizeUnits.end() ? "0" : fmt::format("{}{}", size.bytes / unit->bytes, unit->suffix);
}

}  // namespace

class Settings::Impl {
 public:
  Impl(std::string program, std::string description)
      : program_(std::move(program)), app_(std::move(description), program_) {
    app_.set_help_flag("-h,--help", "print this help and exit");
    app_.set_version_flag("--version", KEFU_VERSION, "print the version and exit");
    app_.set_config("--config", "", "file with settings, one `name = value` a line")->envname("KEFU_CONFIG");
    app_.allow_config_extras(CLI::config_extras_mode::error);  // a misspelt setting must not be ignored
    app_.get_formatter()->column_width(44);
  }

  template <class Value>
  void add(const std::string& name, Value& value, const std::string& help) {
    declare(name, app_.add_option("--" + name, value, help)->capture_default_str());
  }

  /// The variable's name is for the help alone: CLI11 reads the environment after the file, and we before it.
  void declare(const std::string& name, CLI::Option* option) {
    option->envname(environment_variable(name))->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    names_.push_back(name);
  }

  /// The environment's settings as if they were flags, then the real flags: of two the last one counts, and
  /// flags count before the file. In reverse, as CLI11 takes them.
  std::vector<std::string> words(int argc, const char* const* argv) const {
    std::vector<std::string> words;
    for (const std::string& name : names_) {
      const char* value = std::getenv(environment_variable(name).c_str());
      if (value != nullptr && *value != '\0') words.push_back(fmt::format("--{}={}", name, value));
    }
    words.insert(words.end(), argv + std::min(1, argc), argv + argc);
    std::ranges::reverse(words);
    return words;
  }

  std::string program_;
  CLI::App app_;
  /// Read once everything is parsed: a secret may be given as the path of a file.
  struct SecretFile {
    std::string name;
    std::string path;
    std::string* value;
  };
  std::vector<std::unique_ptr<SecretFile>> secret_files_;
  std::vector<std::string> names_;
  std::vector<std::function<Result<>()>> checks_;
};

Settings::Settings(std::string program, std::string description)
    : impl_(std::make_unique<Impl>(std::move(program), std::move(description))) {}
Settings::~Settings() = default;

const std::string& Settings::program() const { return impl_->program_; }

void Settings::add(const std::string& name, std::string& value, const std::string& help) {
  impl_->add(name, value, help);
}
void Settings::add(const std::string& name, std::size_t& value, const std::string& help) {
  impl_->add(name, value, help);
}
void Settings::add(const std::string& name, std::uint16_t& value, const std::string& help) {
  impl_->add(name, value, help);
}
void Settings::add(const std::string& name, double& value, const std::string& help) {
  impl_->add(name, value, help);
}
void Settings::add(const std::string& name, bool& value, const std::string& help) {
  impl_->declare(name,
                 impl_->app_.add_flag("--" + name + ",!--no-" + name, value, help)->capture_default_str());
}
void Settings::add(const std::string& name, std::chrono::milliseconds& value, const std::string& help) {
  const auto take = [&value](const std::string& text) {
    if (const std::string error = parse_duration(text, value); !error.empty())
      throw CLI::ValidationError(error);
  };
  impl_->declare(name, impl_->app_.add_option_function<std::string>("--" + name, take, help)
                           ->default_str(format_duration(value))
                           ->type_name("DURATION"));
}
void Settings::add(const std::string& name, ByteSize& value, const std::string& help) {
  const auto take = [&value](const std::string& text) {
    if (const std::string error = parse_size(text, value); !error.empty()) throw CLI::ValidationError(error);
  };
  impl_->declare(name, impl_->app_.add_option_function<std::string>("--" + name, take, help)
                           ->default_str(format_size(value))
                           ->type_name("SIZE"));
}
void Settings::add_secret(const std::string& name, std::string& value, const std::string& help) {
  impl_->declare(name, impl_->app_.add_option("--" + name, value)->group(""));  // no line in the help
  auto& file =
      *impl_->secret_files_.emplace_back(std::make_unique<Impl::SecretFile>(name, std::string{}, &value));
  const std::string text = fmt::format("file that holds it, or ${}: {}", environment_variable(name), help);
  impl_->declare(name + "-file",
                 impl_->app_.add_option("--" + name + "-file", file.path, text)->type_name("PATH"));
}

void Settings::check(std::function<Result<>()> check) { impl_->checks_.push_back(std::move(check)); }

Settings::Outcome Settings::parse(int argc, const char* const* argv) {
  for (const auto& secret : impl_->secret_files_) {
    const std::string flag = "--" + secret->name;
    const auto is_secret = [&](std::string_view word) {
      return word == flag || word.starts_with(flag + "=");
    };
    if (std::any_of(argv, argv + argc, is_secret)) {
      std::cerr << fmt::format("{}: {} would show in the list of processes: use ${} or {}-file\n",
                               impl_->program_, flag, environment_variable(secret->name), flag);
      return Outcome::exit_failure;
    }
  }
  try {
    impl_->app_.parse(impl_->words(argc, argv));
  } catch (const CLI::Success& success) {
    impl_->app_.exit(success);
    return Outcome::exit_success;
  } catch (const CLI::ParseError& error) {
    std::cerr << fmt::format("{}: {}\n{} --help lists the settings.\n", impl_->program_, error.what(),
                             impl_->program_);
    return Outcome::exit_failure;
  }
  for (const auto& secret : impl_->secret_files_) {
    if (secret->path.empty()) continue;
    std::ifstream file(secret->path);
    std::string content{std::istreambuf_iterator<char>(file), {}};
    if (!file) {
      std::cerr << fmt::format("{}: --{}-file: cannot read \"{}\"\n", impl_->program_, secret->name,
                               secret->path);
      return Outcome::exit_failure;
    }
    content.erase(content.find_last_not_of(" \t\r\n") + 1);
    *secret->value = std::move(content);
  }
  for (const auto& check : impl_->checks_) {
    if (const auto right = check(); !right) {
      std::cerr << fmt::format("{}: {}\n", impl_->program_, right.error().message);
      return Outcome::exit_failure;
    }
  }
  return Outcome::run;
}

}  // namespace kefu::service
