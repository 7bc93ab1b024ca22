#include "config/tree.h"

#include <algorithm>
#include <istream>
#include <streambuf>
#include <unordered_map>

#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "config/syntax_hint.h"
#include "config/utf8.h"

namespace weir {
namespace {

// Ends the parsing from inside an event.
struct TooMuch {
  Position at;
  std::string message;
};

Position position(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(Report& report) : report_(report) {}

  YamlNode take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(make(YamlNode::Kind::null, mark, "", anchor));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    report_.error(position(mark), "",
                  "aliases (*name) are not supported: write the value out, or "
                  "quote it if it is meant to begin with a star");
    add(make(YamlNode::Kind::null, mark, "", 0));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node = make(YamlNode::Kind::scalar, mark, tag, anchor);
    node.text = value;
    node.quoted = tag == "!";
    add(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(make(YamlNode::Kind::list, mark, tag, anchor));
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(make(YamlNode::Kind::map, mark, tag, anchor));
  }
  void OnMapEnd() override {
    refuse_duplicates(stack_.back().node);
    close();
  }

 private:
  struct Open {
    YamlNode node;
    bool has_name = false;  // a map's key has been read, its value not yet
    std::string name;
    Position name_at;
  };

  YamlNode make(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
                YAML::anchor_t anchor) {
    if (++count_ > kMaxNodes)
      throw TooMuch{position(mark), "too many values: at most " + std::to_string(kMaxNodes)};
    if (anchor != 0)
      report_.error(position(mark), "",
                    "anchors (&name) are not supported: write the value out; a "
                    "filter of several chains belongs under shared:");
    if (!tag.empty() && tag != "?" && tag != "!")
      report_.error(position(mark), "",
                    "tags (!name) are not supported: leave " + quoted(tag) + " out");
    YamlNode node;
    node.kind = kind;
    node.at = position(mark);
    return node;
  }

  void open(YamlNode node) {
    if (stack_.size() >= kMaxDepth)
      throw TooMuch{node.at, "nested too deeply: at most " + std::to_string(kMaxDepth) + " levels"};
    stack_.push_back({std::move(node), false, {}, {}});
  }

  void close() {
    YamlNode node = std::move(stack_.back().node);
    stack_.pop_back();
    add(std::move(node));
  }

  void add(YamlNode node) {
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& top = stack_.back();
    if (top.node.kind == YamlNode::Kind::list) {
      top.node.items.push_back(std::move(node));
    } else if (!top.has_name) {
      if (node.kind != YamlNode::Kind::scalar)
        report_.error(node.at, "", "a key must be text, such as limit: 64");
      top.has_name = true;
      top.name = std::move(node.text);
      top.name_at = node.at;
    } else {
      top.has_name = false;
      node.name = std::move(top.name);
      node.name_at = top.name_at;
      // yaml-cpp places an empty value where the next token is, which may be lines below.
      if (node.kind == YamlNode::Kind::null) node.at = node.name_at;
      top.node.items.push_back(std::move(node));
    }
  }

  void refuse_duplicates(const YamlNode& map) {
    constexpr std::size_t kFew = 12;
    if (map.items.size() <= kFew) {
      for (std::size_t i = 1; i < map.items.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
          if (map.items[i].name == map.items[j].name) {
            duplicate(map.items[i], map.items[j]);
            break;
          }
      return;
    }
    std::unordered_map<std::string_view, const YamlNode*> seen;
    seen.reserve(map.items.size());
    for (const YamlNode& item : map.items)
      if (const auto [it, fresh] = seen.emplace(item.name, &item); !fresh)
        duplicate(item, *it->second);
  }

  void duplicate(const YamlNode& again, const YamlNode& first) {
    report_.error(again.name_at, "",
                  "the key " + quoted(again.name) + " stands twice: first in line " +
                      std::to_string(first.name_at.line) + "; keep one of them");
  }

  Report& report_;
  YamlNode root_;
  std::vector<Open> stack_;
  std::size_t count_ = 0;
};

Position position_of(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return {static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1,
          static_cast<int>(offset - line_start) + 1};
}

// Reads a string_view without a copy.
class ViewBuffer final : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // never written to: there is no put area
    setg(begin, begin, begin + text.size());
  }
};

YamlNode empty_map() {
  YamlNode node;
  node.kind = YamlNode::Kind::map;
  return node;
}

// Refuses what stands after the first document.
void refuse_more(YAML::Parser& parser, Report& report) {
  struct Second final : YAML::EventHandler {
    void OnDocumentStart(const YAML::Mark& mark) override { throw TooMuch{position(mark), ""}; }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
    void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
    void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  const std::string&) override {}
    void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                         YAML::EmitterStyle::value) override {}
    void OnSequenceEnd() override {}
    void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                    YAML::EmitterStyle::value) override {}
    void OnMapEnd() override {}
  } second;
  try {
    parser.HandleNextDocument(second);
  } catch (const TooMuch& found) {
    report.error(found.at, "",
                 "a second document begins here: a file holds one; take out the "
                 "\"---\", or indent this line as those above");
  }
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const YamlNode& item : items)
    if (item.name == key) return &item;
  return nullptr;
}

std::optional<YamlNode> parse_yaml(std::string_view text, Report& report) {
  if (text.size() > kMaxFileSize) {
    report.error(Position{}, "",
                 "the file is larger than " + std::to_string(kMaxFileSize >> 20) + " MiB");
    return std::nullopt;
  }
  if (const std::size_t bad = first_not_utf8(text); bad != std::string_view::npos) {
    report.error(position_of(text, bad), "", "is not UTF-8: save the file in that encoding");
    return std::nullopt;
  }
  try {
    ViewBuffer buffer(text);
    std::istream in(&buffer);
    YAML::Parser parser(in);
    TreeBuilder builder(report);
    if (!parser.HandleNextDocument(builder)) return empty_map();
    YamlNode root = builder.take();
    refuse_more(parser, report);
    if (root.kind == YamlNode::Kind::null) return empty_map();
    return root;
  } catch (const TooMuch& too_much) {
    report.error(too_much.at, "", too_much.message);
  } catch (const YAML::Exception& e) {
    const Position at = e.mark.is_null() ? Position{} : position(e.mark);
    report.error(at, "", syntax_message(text, at, e.msg));
  } catch (const std::exception& e) {
    report.error(Position{}, "", std::string("cannot be read as YAML: ") + e.what());
  }
  return std::nullopt;
}

}  // namespace weir
