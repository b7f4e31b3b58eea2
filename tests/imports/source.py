"""Parses the Rust files of a crate into modules, with the names that each module defines, imports and uses.

The parser knows only the syntax that imports need. Comments, strings and test code are left out.
"""

import re
from dataclasses import dataclass, field

TOKEN = re.compile(
    r"""
      (?P<blank>\s+|//[^\n]*)
    | (?P<comment>/\*)
    | (?P<raw>[bc]?r(?P<hashes>\#*)")
    | (?P<text>[bc]?"(?:\\.|[^"\\])*")
    | (?P<char>b?'(?:\\(?:u\{[^}]*\}|x..|.)|[^\\'])')
    | (?P<lifetime>'\w+)
    | (?P<token>(?:r\#)?\w+|::|\.\.=?|->|=>|.)
    """,
    re.VERBOSE | re.DOTALL,
)
OPENING, CLOSING = ("{", "(", "["), ("}", ")", "]")
DEFINITIONS = {"struct", "enum", "union", "trait", "type", "fn", "const", "static"}
ENDS_WITH_SEMICOLON = {"use", "const", "static", "type", "let"}


@dataclass
class Use:
    """One name of a `use` declaration. `name` is None for a glob, and "_" if the name is not bound."""

    name: str | None
    path: list[str]
    line: int
    is_public: bool


@dataclass(eq=False)
class Module:
    file: str
    parent: "Module | None"
    children: dict = field(default_factory=dict)
    names: set = field(default_factory=set)
    uses: list = field(default_factory=list)
    # The segments, line and following token of each path outside of `use` declarations.
    paths: list = field(default_factory=list)

    def root(self):
        return self.parent.root() if self.parent else self

    def is_within(self, other):
        return self is other or (self.parent is not None and self.parent.is_within(other))


def read_crate(files, root):
    """Returns the root module of the crate whose root file is `root`. `files` maps paths below `src` to their text."""
    module = Module(root, None)
    _read_file(files, module, root.rpartition("/")[0])
    return module


def _read_file(files, module, folder):
    tokens = _tokens(files[module.file])
    _Parser(files, tokens).module(0, module, folder)


def _tokens(text):
    """Returns the tokens as pairs of text and line. Strings and characters become the token `""`."""
    tokens, at, line = [], 0, 1
    while at < len(text):
        match = TOKEN.match(text, at)
        end = match.end()
        if match["comment"]:
            end = _comment_end(text, end)
        elif match["raw"]:
            end = text.index('"' + match["hashes"], end) + 1 + len(match["hashes"])
        if match["raw"] or match["text"] or match["char"]:
            tokens.append(('""', line))
        elif match["token"]:
            tokens.append((match["token"].removeprefix("r#"), line))
        line += text.count("\n", at, end)
        at = end
    return tokens


def _comment_end(text, at):
    depth = 1
    while depth:
        mark = re.compile(r"/\*|\*/").search(text, at)
        depth += 1 if mark[0] == "/*" else -1
        at = mark.end()
    return at


def _is_name(token):
    return token[0].isalpha() or token[0] == "_"


class _Parser:
    def __init__(self, files, tokens):
        self.files = files
        self.tokens = tokens
        self.variants = set()

    def at(self, i):
        return self.tokens[i][0] if 0 <= i < len(self.tokens) else ""

    def module(self, i, module, folder):
        """Parses from token `i` to the end of `module`, and returns the index after it."""
        depth = 0
        while i < len(self.tokens):
            token, following = self.at(i), self.at(i + 1)
            if token == "#" and following in ("[", "!") and self.is_test(i):
                if following == "!":
                    return len(self.tokens)
                i = self.item_end(i)
                continue
            if token == "mod" and depth == 0 and self.at(i + 2) in (";", "{"):
                i = self.child(i, module, folder)
                continue
            if token == "use" and following != "<":
                is_public = self.at(i - 1) in ("pub", ")")
                i = self.use_tree(i + 1, [], module, is_public) + 1
                continue
            if token in OPENING:
                depth += 1
            elif token in CLOSING:
                if depth == 0:
                    return i + 1
                depth -= 1
            elif token == "macro_rules" and following == "!":
                module.names.add(self.at(i + 2))
                i += 2
            elif token in DEFINITIONS and _is_name(following or "."):
                if depth == 0:
                    module.names.add(following)
                if token == "enum":
                    self.find_variants(i)
                if following not in DEFINITIONS:
                    i += 1
            elif _is_name(token) and self.at(i - 1) not in (".", "::") and i not in self.variants:
                i = self.path(i, module)
                continue
            i += 1
        return i

    def path(self, i, module):
        segments, line = [self.at(i)], self.tokens[i][1]
        while self.at(i + 1) == "::" and _is_name(self.at(i + 2) or "."):
            i += 2
            segments.append(self.at(i))
        module.paths.append((segments, line, self.at(i + 1)))
        return i + 1

    def child(self, i, module, folder):
        name = self.at(i + 1)
        below = f"{folder}/{name}".removeprefix("/")
        if self.at(i + 2) == "{":
            child = module.children[name] = Module(module.file, module)
            return self.module(i + 3, child, below)
        for file in (f"{below}.rs", f"{below}/mod.rs"):
            if file in self.files:
                child = module.children[name] = Module(file, module)
                _read_file(self.files, child, below)
        return i + 3

    def use_tree(self, i, prefix, module, is_public):
        """Parses one tree of a `use` declaration, and returns the index of the token after it."""
        token, line = self.tokens[i]
        if token == "{":
            i += 1
            while self.at(i) != "}":
                i = self.use_tree(i, prefix, module, is_public)
                i += self.at(i) == ","
            return i + 1
        if token == "::":
            return self.use_tree(i + 1, ["::"], module, is_public)
        if token == "*":
            module.uses.append(Use(None, prefix, line, is_public))
            return i + 1
        if self.at(i + 1) == "::":
            return self.use_tree(i + 2, prefix + [token], module, is_public)
        path = prefix if token == "self" and prefix else prefix + [token]
        name, i = path[-1], i + 1
        if self.at(i) == "as":
            name, i = self.at(i + 1), i + 2
        module.uses.append(Use(name, path, line, is_public))
        return i

    def is_test(self, i):
        """Returns whether the attribute at token `i` limits its item to test builds."""
        start = i + 2 if self.at(i + 1) == "!" else i + 1
        words = [token for token, _ in self.tokens[start + 1 : self.group_end(start) - 1]]
        return words in (["test"], ["cfg", "(", "test", ")"]) or words[:5] == ["cfg", "(", "all", "(", "test"]

    def group_end(self, i):
        """Returns the index after the bracket that closes the one at token `i`."""
        depth = 0
        while i < len(self.tokens):
            depth += (self.at(i) in OPENING) - (self.at(i) in CLOSING)
            i += 1
            if depth == 0:
                break
        return i

    def item_end(self, i):
        """Returns the index after the item whose attributes start at token `i`."""
        while self.at(i) == "#":
            i = self.group_end(i + 1)
        if self.at(i) == "pub":
            i = self.group_end(i + 1) if self.at(i + 1) == "(" else i + 1
        keyword = self.at(i)
        is_field = self.at(i + 1) in (":", ",")
        while i < len(self.tokens) and self.at(i) not in CLOSING:
            token = self.at(i)
            i = self.group_end(i) if token in OPENING else i + 1
            if token == ";" or (is_field and token == ","):
                break
            if token == "{" and keyword not in ENDS_WITH_SEMICOLON:
                break
        return i

    def find_variants(self, i):
        while self.at(i) not in ("{", ";"):
            i += 1
        end, depth = self.group_end(i), 0
        for j in range(i, end):
            if depth == 1 and _is_name(self.at(j)) and self.at(j - 1) in ("{", ",", "]"):
                self.variants.add(j)
            depth += (self.at(j) in OPENING) - (self.at(j) in CLOSING)
