#include "proxy/cli/manual.h"

#include <vector>

namespace weir {

namespace {

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands(nullptr);
}

// What roff would take for a request or an escape is no text then.
std::string plain(const std::string& text) {
  std::string out;
  bool line_begins = true;
  for (const char c : text) {
    if (line_begins && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
    line_begins = c == '\n';
  }
  return out;
}

// -c, --config FILE
std::string names_of(const CLI::Option& option) {
  std::string out;
  const auto add = [&out](const std::string& name) {
    if (!out.empty()) out += ", ";
    out += "\\fB" + plain(name) + "\\fR";
  };
  for (const std::string& name : option.get_snames()) add("-" + name);
  for (const std::string& name : option.get_lnames()) add("--" + name);
  if (out.empty()) add(option.get_name());
  if (option.get_expected_max() > 0 && !option.get_lnames().empty() &&
      !option.get_type_name().empty()) {
    out += " \\fI" + plain(option.get_type_name()) + "\\fR";
  }
  return out;
}

std::string entry(const CLI::Option& option) {
  std::string out = ".TP\n" + names_of(option) + "\n" + plain(option.get_description());
  if (!option.get_default_str().empty()) {
    out += " (default: " + plain(option.get_default_str()) + ")";
  }
  if (!option.get_envname().empty()) out += "\n.br\nIn the environment: " + option.get_envname();
  return out + "\n";
}

// A footer's lines stand as they are.
std::string as_it_stands(const std::string& text) {
  return text.empty() ? "" : ".PP\n.nf\n" + plain(text) + "\n.fi\n";
}

std::string section(const CLI::App& command) {
  std::string out =
      ".SS weir " + command.get_name() + "\n" + plain(command.get_description()) + ".\n";
  for (const CLI::Option* const option : command.get_options()) {
    if (option->get_name() != "--help") out += entry(*option);
  }
  return out + as_it_stands(command.get_footer());
}

// Behind it comes a file.
bool takes_file(const CLI::Option& option) {
  return option.get_type_name() == "FILE" || option.get_type_name() == "PATH";
}

}  // namespace

std::string manual_page(const CLI::App& app, const std::string& version) {
  std::string out = ".TH WEIR 1 \"\" \"" + version + "\" \"User Commands\"\n";
  out += ".SH NAME\nweir \\- rate\\-limiting, queueing sidecar proxy for HTTP\n";
  out += ".SH SYNOPSIS\n\\fBweir\\fR \\fICOMMAND\\fR [\\fIOPTIONS\\fR]\n";
  out += ".SH DESCRIPTION\n" + plain(app.get_description()) + "\n.SH COMMANDS\n";
  for (const CLI::App* const command : commands_of(app)) out += section(*command);
  out += ".SH EXIT STATUS\n" + plain(app.get_footer()) + "\n";
  out += ".SH FILES\n.TP\n/etc/weir/weir.yaml\nThe configuration of the systemd unit.\n";
  out += ".TP\n/usr/share/doc/weir/\nThe documentation, and examples.\n";
  return out;
}

std::string bash_completion(const CLI::App& app) {
  std::string commands, options, files;
  for (const CLI::App* const command : commands_of(app)) {
    commands += (commands.empty() ? "" : " ") + command->get_name();
    std::string words;
    for (const CLI::Option* const option : command->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        words += (words.empty() ? "--" : " --") + name;
        if (takes_file(*option)) files += "|--" + name;
      }
      for (const std::string& name : option->get_snames()) {
        if (takes_file(*option)) files += "|-" + name;
      }
    }
    options += "    " + command->get_name() + ") words=\"" + words + "\" ;;\n";
  }
  return "# bash completion for weir; printed by `weir help --completion`.\n"
         "_weir() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words=\n"
         "  COMPREPLY=()\n"
         "  if ((COMP_CWORD == 1)); then\n"
         "    COMPREPLY=($(compgen -W \"" +
         commands +
         " --help --version\" -- \"$word\"))\n"
         "    return\n"
         "  fi\n"
         "  case $before in\n"
         "    " +
         files.substr(files.empty() ? 0 : 1) +
         ") COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n"
         "  esac\n"
         "  case ${COMP_WORDS[1]} in\n" +
         options +
         "  esac\n"
         "  if [[ $word == -* ]]; then\n"
         "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
         "  elif [[ ${COMP_WORDS[1]} == check ]]; then\n"
         "    COMPREPLY=($(compgen -f -- \"$word\"))\n"
         "  elif [[ ${COMP_WORDS[1]} == help ]]; then\n"
         "    COMPREPLY=($(compgen -W \"" +
         commands +
         "\" -- \"$word\"))\n"
         "  fi\n"
         "}\n"
         "complete -F _weir weir\n";
}

}  // namespace weir
