#include "commands/audit.hpp"
#include "commands/key.hpp"
#include "declare/declaration.hpp"

#include <memory>

namespace kefu::cli {
namespace {

void declare_key_create(CLI::App& key, Chosen& chosen) {
  const auto options = std::make_shared<KeyOptions>();
  CLI::App& command =
      add_command(key, "create", "make an API key; its secret is shown this once",
                  "  kefu key create --name admin --role manage --secret-file admin.key\n"
                  "  kefu key create --name website --role ask --kb shop --requests-per-minute 600");
  command.add_option("--name", options->name, "what the key is for")->required()->type_name("NAME");
  command.add_option("--role", options->role, "ask: questions and reading; manage: changes too")
      ->required()
      ->check(CLI::IsMember({"ask", "manage"}))
      ->type_name("ROLE");
  one_each_time(command.add_option("--kb", options->kbs,
                                   "a knowledge base that the key is limited to; may be repeated"))
      ->check(not_empty())
      ->type_name("NAME");
  CLI::Option* expires_at =
      command.add_option("--expires-at", options->expires_at, "such as 2027-01-31T00:00:00Z")
          ->type_name("TIME");
  add_duration(command, "--expires-in", "such as 90d or 12h", options->expires_in)->excludes(expires_at);
  command
      .add_option("--requests-per-minute", options->requests_per_minute,
                  "its rate limit; the server's default if not given")
      ->check(whole_number(1))
      ->type_name("N");
  command
      .add_option("--secret-file", options->secret_file,
                  "write the secret to this new file, which only you may read, instead of showing it")
      ->type_name("FILE");
  add_json(command, options->json);
  runs(command, chosen, options, create_key);
}

void declare_key(CLI::App& app, Chosen& chosen) {
  CLI::App& key = add_command(app, "key", "make, list and revoke API keys",
                              "  kefu key create --name website --role ask --kb shop\n  kefu key list");
  key.require_subcommand(1);
  declare_key_create(key, chosen);

  const auto listed = std::make_shared<KeyOptions>();
  CLI::App& list =
      add_command(key, "list", "list all keys, revoked ones too; secrets are not known", "  kefu key list");
  add_json(list, listed->json);
  runs(list, chosen, listed, list_keys);

  const auto revoked = std::make_shared<KeyOptions>();
  CLI::App& revoke = add_command(key, "revoke", "revoke a key within seconds, on every gateway",
                                 "  kefu key revoke 5f0c2a9be1d84c06");
  revoke.add_option("id", revoked->id, "the id that kefu key list shows")
      ->required()
      ->check(not_empty())
      ->type_name("ID");
  add_json(revoke, revoked->json);
  runs(revoke, chosen, revoked, revoke_key);
}

void declare_audit(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<AuditOptions>();
  CLI::App& command = add_command(app, "audit", "print who changed what and when, the oldest first",
                                  "  kefu audit --kb shop\n"
                                  "  kefu audit --follow --json >> audit.jsonl");
  add_kb(command, options->kb);
  command.add_option("--after", options->after, "only entries after this number, the first of each line")
      ->check(whole_number(0))
      ->type_name("N");
  command.add_option("--limit", options->limit, "at most so many entries")
      ->check(whole_number(1))
      ->type_name("N");
  command.add_flag("--follow", options->follow, "go on with new entries until Ctrl-C");
  command.add_flag("--json", options->json, "print JSON, one entry a line");
  runs(command, chosen, options, audit);
}

}  // namespace

void declare_access(CLI::App& app, Chosen& chosen) {
  declare_key(app, chosen);
  declare_audit(app, chosen);
}

}  // namespace kefu::cli
