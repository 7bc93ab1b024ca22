// Writes docs/config.md and docs/weir.schema.json out of the table: config_docs FOLDER
#include <fstream>
#include <iostream>
#include <string>

#include "config/docs.h"
#include "config/schema.h"

namespace {

bool write(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  if (out.flush()) return true;
  std::cerr << "config_docs: cannot write " << path << "\n";
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: config_docs FOLDER\n";
    return 2;
  }
  const std::string folder = argv[1];
  const bool done = write(folder + "/config.md", weir::config_page()) &&
                    write(folder + "/weir.schema.json", weir::config_schema());
  return done ? 0 : 1;
}
