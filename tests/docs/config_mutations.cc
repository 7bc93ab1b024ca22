#include "tests/docs/config_mutations.h"

#include <boost/json.hpp>

#include "config/check.h"
#include "config/print_json.h"
#include "config/units.h"

namespace weir {
namespace {

// As YAML in one line. Quotes make no difference but for numbers and booleans.
void print(const YamlNode& node, std::string& out) {
  const auto string = [&](const std::string& text) {
    out += boost::json::serialize(boost::json::string(text));
  };
  switch (node.kind) {
    case YamlNode::Kind::null: out += "null"; return;
    case YamlNode::Kind::scalar:
      if (!node.quoted && (reads_as_number(node.text) || reads_as_boolean(node.text)))
        out += node.text;
      else
        string(node.text);
      return;
    case YamlNode::Kind::list:
    case YamlNode::Kind::map: break;
  }
  const bool map = node.kind == YamlNode::Kind::map;
  out += map ? "{" : "[";
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    if (i > 0) out += ", ";
    if (map) {
      string(node.items[i].name);
      out += ": ";
    }
    print(node.items[i], out);
  }
  out += map ? "}" : "]";
}

YamlNode scalar(const std::string& text, bool quoted = false) {
  YamlNode node;
  node.kind = YamlNode::Kind::scalar;
  node.text = text;
  node.quoted = quoted;
  return node;
}

YamlNode of_kind(YamlNode::Kind kind, std::vector<YamlNode> items = {}) {
  YamlNode node;
  node.kind = kind;
  node.items = std::move(items);
  return node;
}

YamlNode named(std::string name, YamlNode node) {
  node.name = std::move(name);
  return node;
}

std::string times(std::size_t count, const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

// Around a bound, in text: the bound itself and one step beyond.
std::vector<std::string> bounds(const Spec& spec) {
  switch (spec.type) {
    case Type::integer:
      return {"auto",
              std::to_string(spec.min),
              std::to_string(spec.max),
              std::to_string(spec.min - 1),
              std::to_string(spec.max + 1),
              "99999999999999999999",
              "1.5",
              "010",
              "0x10",
              "1e3"};
    case Type::duration:
      return {print_duration(spec.min),
              print_duration(spec.max),
              print_duration(spec.max + 1'000'000),
              print_duration(spec.max / 1'000'000 * 1'000'000 + 1'000'000),
              "0s",
              "0ms",
              "0.001s",
              "1.5s",
              "1.5555s",
              "100000d",
              "99999999999999999999h",
              "5",
              "5sec",
              "5 s",
              "-5s",
              "05s",
              "5S",
              ".5s",
              "5.s",
              "1s1ms",
              "0.0005ms",
              "0.041d",
              "0.042d"};
    case Type::bytes:
      return {print_bytes(spec.min),
              print_bytes(spec.max),
              print_bytes(spec.max + 1),
              "0B",
              "0KiB",
              "32",
              "32KB",
              "32K",
              "1.5KiB",
              "-1B",
              "032B",
              "99999999999TiB",
              "1 KiB",
              "1023B"};
    case Type::rate:
      return {"1/s",
              "30/m",
              "500/h",
              "10000/d",
              "1000000000/s",
              "1000000001/s",
              "0/s",
              "0.5/s",
              "5",
              "5/w",
              "5/sec",
              "/s",
              "-5/s",
              "05/s",
              "5 /s",
              "99999999999999999999/s"};
    case Type::percent:
      return {"0%",      "100%", "100.01%", "101%", "12.5%", "12.55%",
              "12.555%", "20",   "0.2",     "-1%",  "%",     "020%"};
    default: return {};
  }
}

std::vector<std::string> samples(const Spec& spec) {
  switch (spec.type) {
    case Type::word: {
      std::vector<std::string> out{"bogus", "FIFO", ""};
      for (const std::string_view word : spec.words) out.emplace_back(word);
      return out;
    }
    case Type::endpoint:
      return {"127.0.0.1:1",
              "127.0.0.1:0",
              ":1234",
              "[::1]:99",
              "[::]:0",
              "localhost:81",
              "unix:/run/x",
              "unix:x",
              "unix:/" + times(106, "x"),
              "unix:/" + times(107, "x"),
              "127.0.0.1",
              "1.2.3:80",
              "256.0.0.1:80",
              "01.0.0.1:80",
              "127.0.0.1:65535",
              "127.0.0.1:65536",
              "127.0.0.1:080",
              "http://a:80",
              "::1:80",
              "*:80",
              "a b:80",
              "a_b.c-d.:80",
              ".a:80",
              "a..b:80",
              "a:",
              ""};
    case Type::field:
      return {"tenant",          "client_ip",      "header x-a",
              "header X-A",      "header",         "header a b",
              "path_segment 1",  "path_segment 0", "path_segment 32",
              "path_segment 33", "path_segment x", "query q",
              "query a=b",       "cookie c",       "cookie ;",
              "method",          "method GET",     "route",
              "Route",           "bogus",          ""};
    case Type::condition:
      return {"connect_failure", "reset", "timeout", "200", "599", "199", "600", "5xx",
              "bogus",           "0503"};
    case Type::cidr:
      return {"10.0.0.0/8",
              "10.0.0.0/0",
              "10.0.0.0/32",
              "10.0.0.0/33",
              "10.0.0.1",
              "::/0",
              "fd00::/128",
              "fd00::/129",
              "10.0.0/8",
              "bogus",
              "10.0.0.0/",
              "10.0.0.0/08",
              ""};
    case Type::text:
      return {"a",
              "A-b_c.d",
              "9a",
              "a b",
              " a",
              "a ",
              "/",
              "/a",
              "/a/b/",
              "/a//b",
              "none",
              "stdout",
              "/a/./b",
              "/a/../b",
              "/a/..",
              "/a/.b",
              "/a?b",
              "/a#b",
              "/a b",
              "*",
              "*.a.b",
              "a.*",
              "a..b",
              ".a",
              "GET",
              "get",
              "a:80",
              "a:x",
              "[::1]",
              "[::1]:80",
              "a\tb",
              "a=b",
              times(32, "x"),
              times(64, "x"),
              times(65, "x"),
              times(1024, "x"),
              times(1025, "x"),
              "/" + times(1024, "x"),
              ""};
    case Type::boolean: return {"yes", "on", "1", "0"};
    default: return {};
  }
}

class Mutator {
 public:
  explicit Mutator(YamlNode root) : root_(std::move(root)) {}

  std::vector<Mutation> run() {
    note("", "as it is");
    value(root_, file_spec(), "");
    return std::move(out_);
  }

 private:
  void note(const std::string& path, const std::string& what) {
    Mutation mutation{path, what, "", boost::json::serialize(to_json(root_))};
    print(root_, mutation.yaml);
    out_.push_back(std::move(mutation));
  }

  // The document with another node in place of this one.
  void replace(YamlNode& node, const std::string& path, const std::string& what, YamlNode other) {
    other.name = node.name;
    std::swap(node, other);
    note(path, what);
    std::swap(node, other);
  }

  void scalars(YamlNode& node, const Spec& spec, const std::string& path) {
    for (const auto& texts : {bounds(spec), samples(spec)})
      for (const std::string& text : texts) replace(node, path, text, scalar(text));
    for (const char* text : {"5", "0", "-1", "1.5", "010", "true", "True", "yes", "bogus value!"})
      replace(node, path, text, scalar(text));
    for (const char* text : {"5", "true", "503", "10ms"})
      replace(node, path, "quoted " + std::string(text), scalar(text, true));
  }

  void value(YamlNode& node, const Spec& spec, const std::string& path) {
    replace(node, path, "null", of_kind(YamlNode::Kind::null));
    replace(node, path, "a list", of_kind(YamlNode::Kind::list, {scalar("bogus")}));
    replace(node, path, "an empty list", of_kind(YamlNode::Kind::list));
    replace(node, path, "a map", of_kind(YamlNode::Kind::map, {named("bogus", scalar("x"))}));
    replace(node, path, "an empty map", of_kind(YamlNode::Kind::map));
    replace(node, path, "text", scalar("bogus"));
    replace(node, path, "number", scalar("7"));
    switch (spec.type) {
      case Type::map: return map(node, spec, path);
      case Type::names: return names(node, spec, path);
      case Type::list: return list(node, spec, path);
      case Type::filter: return filter(node, spec, path);
      default: return scalars(node, spec, path);
    }
  }

  void map(YamlNode& node, const Spec& spec, const std::string& path) {
    if (node.kind != YamlNode::Kind::map) {
      if (!spec.shorthand.empty()) scalars(node, find_key(spec, spec.shorthand)->spec, path);
      return;
    }
    added(node, path, "bogus");
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const std::string name = node.items[i].name;
      std::string inner = path;
      if (!inner.empty()) inner += ".";
      inner += name;
      YamlNode kept = node.items[i];
      node.items.erase(node.items.begin() + static_cast<std::ptrdiff_t>(i));
      note(inner, "missing");
      node.items.insert(node.items.begin() + static_cast<std::ptrdiff_t>(i), kept);
      node.items[i].name = name + "x";
      note(inner, "misspelt");
      node.items[i].name = name;
      value(node.items[i], find_key(spec, name)->spec, inner);
    }
  }

  void added(YamlNode& node, const std::string& path, const std::string& name,
             YamlNode with = scalar("x")) {
    if (node.find(name) != nullptr) return;  // JSON has no duplicate keys
    node.items.push_back(named(name, std::move(with)));
    note(path, "and " + name);
    node.items.pop_back();
  }

  void names(YamlNode& node, const Spec& spec, const std::string& path) {
    const YamlNode example = node.items.front();
    for (const char* name : {"", " a", "a ", "a\tb", "9", "a b", "A.b-c_d", "*", "x:y"})
      added(node, path, name, example);
    added(node, path, times(64, "n"), example);
    added(node, path, times(257, "n"), example);
    for (YamlNode& item : node.items) value(item, *spec.item, path + "." + item.name);
  }

  void list(YamlNode& node, const Spec& spec, const std::string& path) {
    if (node.kind != YamlNode::Kind::list) {
      if (spec.single) scalars(node, *spec.item, path);
      return;
    }
    if (!node.items.empty()) {
      const YamlNode first = node.items.front();
      replace(node, path, "one item without brackets", first);
      replace(node, path, "one item", of_kind(YamlNode::Kind::list, {first}));
      replace(node, path, "one item twice", of_kind(YamlNode::Kind::list, {first, first}));
    }
    if (spec.item->type == Type::filter)
      for (const std::size_t count : {std::size_t{16}, std::size_t{17}}) {
        const YamlNode timeout = of_kind(YamlNode::Kind::map, {named("timeout", scalar("5s"))});
        replace(node, path, std::to_string(count) + " timeouts",
                of_kind(YamlNode::Kind::list, std::vector<YamlNode>(count, timeout)));
      }
    for (std::size_t i = 0; i < node.items.size(); ++i)
      value(node.items[i], *spec.item, path + "[" + std::to_string(i) + "]");
  }

  void filter(YamlNode& node, const Spec& spec, const std::string& path) {
    for (const FilterKind& kind : filter_kinds()) {
      const std::string name(kind.name);
      replace(node, path, "bare " + name, scalar(name));
      replace(node, path, "empty " + name,
              of_kind(YamlNode::Kind::map, {named(name, of_kind(YamlNode::Kind::map))}));
      replace(node, path, "null " + name,
              of_kind(YamlNode::Kind::map, {named(name, of_kind(YamlNode::Kind::null))}));
      replace(
          node, path, "named " + name,
          of_kind(YamlNode::Kind::map,
                  {named(name, of_kind(YamlNode::Kind::map, {named("name", scalar("other"))}))}));
    }
    if (node.kind != YamlNode::Kind::map) return;
    added(node, path, "timeout", scalar("5s"));
    YamlNode& only = node.items.front();
    const std::string inner = path + "." + only.name;
    if (const FilterKind* kind = find_filter_kind(only.name)) return value(only, kind->spec, inner);
    if (!spec.shareable_only) value(only, text(kName), inner);
  }

  YamlNode root_;
  std::vector<Mutation> out_;
};

}  // namespace

std::vector<Mutation> mutations(YamlNode root) { return Mutator(std::move(root)).run(); }

}  // namespace weir
