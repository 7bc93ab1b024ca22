// docs/config.md: the table and the prose (doc_texts.h) as a page for people.
#pragma once

#include <string>

namespace weir {

std::string config_page();

}  // namespace weir
