#include "commands/delete.hpp"
#include "commands/jobs.hpp"
#include "commands/kb.hpp"
#include "declare/declaration.hpp"

#include <functional>
#include <memory>
#include <utility>

namespace kefu::cli {
namespace {

void add_name(CLI::App& command, std::string& name) {
  command.add_option("name", name, "the knowledge base")->required()->check(not_empty())->type_name("NAME");
}

void declare_kb_delete(CLI::App& kb, Chosen& chosen) {
  const auto options = std::make_shared<DeleteOptions>();
  CLI::App& command = add_command(kb, "delete", "delete a knowledge base with all its documents",
                                  "  kefu kb delete shop --yes");
  add_name(command, options->kb);
  command.add_flag("--yes", options->yes, "do not ask before");
  add_json(command, options->json);
  runs(command, chosen, [options](ApiClient& api, Console& console, Interrupt& interrupt) {
    return delete_from(*options, api, console, interrupt);
  });
}

void declare_kb(CLI::App& app, Chosen& chosen) {
  CLI::App& kb = add_command(app, "kb", "create, list, show and delete knowledge bases",
                             "  kefu kb create shop --description \"what customers ask\"\n  kefu kb list");
  kb.require_subcommand(1);
  using Function = Task<int> (*)(KbOptions, ApiClient&, Console&);
  const auto declare = [&](const char* name, const char* description, const char* example,
                           Function function) {
    const auto options = std::make_shared<KbOptions>();
    CLI::App& command = add_command(kb, name, description, example);
    if (function != list_kbs) add_name(command, options->name);
    if (function == create_kb) {
      command.add_option("--description", options->description, "for those who look after it")
          ->type_name("TEXT");
    }
    add_json(command, options->json);
    runs(command, chosen, [options, function](ApiClient& api, Console& console, Interrupt&) {
      return function(*options, api, console);
    });
  };
  declare("create", "create a knowledge base, or describe one", "  kefu kb create shop --description \"...\"",
          create_kb);
  declare("list", "list the knowledge bases that the key may see", "  kefu kb list --json", list_kbs);
  declare("show", "print what a knowledge base holds", "  kefu kb show shop", show_kb);
  declare_kb_delete(kb, chosen);
}

void declare_jobs(CLI::App& app, Chosen& chosen) {
  CLI::App& jobs = add_command(app, "jobs", "list, show, follow and cancel imports and edits",
                               "  kefu jobs list --kb shop\n  kefu jobs follow 42");
  jobs.require_subcommand(1);
  using Function = std::function<Task<int>(JobsOptions, ApiClient&, Console&, Interrupt&)>;
  const auto declare = [&](const char* name, const char* description, const char* example,
                           Function function) -> std::pair<CLI::App&, std::shared_ptr<JobsOptions>> {
    const auto options = std::make_shared<JobsOptions>();
    CLI::App& command = add_command(jobs, name, description, example);
    add_json(command, options->json);
    runs(command, chosen,
         [options, function = std::move(function)](ApiClient& api, Console& console, Interrupt& interrupt) {
           return function(*options, api, console, interrupt);
         });
    return {command, options};
  };
  const auto with_id = [](const std::pair<CLI::App&, std::shared_ptr<JobsOptions>>& declared) {
    declared.first.add_option("job", declared.second->job, "the id of the job")
        ->required()
        ->check(whole_number(1))
        ->type_name("JOB");
  };
  const auto list = declare("list", "list the jobs that have not ended", "  kefu jobs list",
                            [](JobsOptions options, ApiClient& api, Console& console, Interrupt&) {
                              return list_jobs(std::move(options), api, console);
                            });
  add_kb(list.first, list.second->kb);
  list.first.add_option("--limit", list.second->limit, "at most so many")
      ->check(CLI::Range(1, 200))
      ->type_name("N")
      ->capture_default_str();
  with_id(declare("show", "print a job, and what of its file was rejected", "  kefu jobs show 42",
                  [](JobsOptions options, ApiClient& api, Console& console, Interrupt&) {
                    return show_job(std::move(options), api, console);
                  }));
  with_id(declare("follow", "follow a job to its end", "  kefu jobs follow 42", follow));
  with_id(declare("cancel", "end a job before anything of it is visible", "  kefu jobs cancel 42",
                  [](JobsOptions options, ApiClient& api, Console& console, Interrupt&) {
                    return cancel_job(std::move(options), api, console);
                  }));
}

void declare_delete(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<DeleteOptions>();
  CLI::App& command =
      add_command(app, "delete", "delete a document, or without FILENAME the whole knowledge base",
                  "  kefu delete --kb shop faq.csv       # the same as kefu docs delete");
  add_kb(command, options->kb)->required();
  command.add_option("filename", options->filename, "the document, by the name it was imported under")
      ->check(not_empty())
      ->type_name("FILENAME");
  command.add_flag("--yes", options->yes, "do not ask before a knowledge base is deleted");
  add_no_wait(command, options->wait, "do not wait until the document is gone");
  add_json(command, options->json);
  runs(command, chosen, [options](ApiClient& api, Console& console, Interrupt& interrupt) {
    return delete_from(*options, api, console, interrupt);
  });
}

}  // namespace

void declare_content(CLI::App& app, Chosen& chosen) {
  declare_kb(app, chosen);
  declare_documents(app, chosen);
  declare_jobs(app, chosen);
  declare_delete(app, chosen);
}

}  // namespace kefu::cli
