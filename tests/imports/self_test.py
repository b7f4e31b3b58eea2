"""Tests of the script with crates of a few lines."""

import unittest

import rules
from resolve import Crate


def imports(files):
    return {(item.importer, item.imported) for item in Crate(files).imports()}


def violations(files):
    crate = Crate(files)
    return rules.violations({module.file for module in crate.modules()}, crate.imports())


class Imports(unittest.TestCase):
    def test_groups_globs_aliases_and_inline_paths_are_seen(self):
        files = {
            "lib.rs": "mod a; mod b; mod c; mod d; mod e;",
            "a.rs": "use crate::{b::{B, inner::{self as deep}}, c::*, d::D as _};\n"
            "fn f() { deep::g(); C::new(); crate::e::h(); }",
            "b.rs": "pub struct B; pub mod inner;",
            "b/inner.rs": "pub fn g() {}",
            "c.rs": "pub struct C;",
            "d.rs": "pub trait D {}",
            "e.rs": "pub fn h() {}",
        }
        imported = ["b.rs", "b/inner.rs", "c.rs", "d.rs", "e.rs"]
        self.assertEqual(imports(files), {("a.rs", file) for file in imported})

    def test_super_and_self_are_followed(self):
        files = {
            "lib.rs": "mod a; mod b;",
            "a/mod.rs": "mod x; mod y; fn f() { self::x::g() }",
            "a/x.rs": "mod within { fn h() { super::super::y::k(); super::super::super::b::m() } } pub fn g() {}",
            "a/y.rs": "pub fn k() {}",
            "b.rs": "pub fn m() {}",
        }
        self.assertEqual(imports(files), {("a/mod.rs", "a/x.rs"), ("a/x.rs", "a/y.rs"), ("a/x.rs", "b.rs")})

    def test_an_import_through_a_re_export_is_an_import_of_the_defining_file(self):
        files = {
            "lib.rs": "mod a; mod b; pub use a::X;",
            "a/mod.rs": "mod x; mod y; pub use x::X;",
            "a/x.rs": "pub struct X;",
            "a/y.rs": "use super::X;",
            "b.rs": "use crate::X;",
        }
        self.assertEqual(
            imports(files),
            {("lib.rs", "a/x.rs"), ("a/mod.rs", "a/x.rs"), ("a/y.rs", "a/x.rs"), ("b.rs", "a/x.rs")},
        )

    def test_names_of_globs_and_functions_named_like_their_module_are_resolved(self):
        files = {
            "lib.rs": "mod a;",
            "a/mod.rs": "mod x; mod open; use x::*; pub(crate) use open::open; fn f(x: X) { open() }",
            "a/x.rs": "pub struct X;",
            "a/open.rs": "pub fn open() {}",
        }
        self.assertEqual(imports(files), {("a/mod.rs", "a/x.rs"), ("a/mod.rs", "a/open.rs")})

    def test_comments_strings_fields_and_test_code_are_left_out(self):
        files = {
            "lib.rs": "mod a; mod b;",
            "a.rs": "//! crate::b::B\n/* /* */ use crate::b::B; */ const S: &str = r#\"crate::b::B\"#;\n"
            "#[cfg(test)] use crate::b::B; #[cfg(test)] pub(crate) fn f() { crate::b::g() }\n"
            "#[cfg(test)] mod tests; #[cfg(all(test, unix))] mod more { use crate::b::B; }\n"
            "struct A<'a> { #[cfg(test)] b: crate::b::B, x: &'a u8 } enum E { B(char) } fn h() { '\"'; x.crate_ }",
            "a/tests.rs": "use crate::b::B;",
            "b.rs": "pub struct B; pub fn g() {}",
        }
        self.assertEqual(imports(files), set())
        files["a.rs"] += " #[cfg(not(test))] fn k() { crate::b::g() }"
        self.assertEqual(imports(files), {("a.rs", "b.rs")})

    def test_attributes_macros_and_the_binary_are_seen(self):
        files = {
            "lib.rs": "pub mod a; pub mod b; pub mod c;",
            "main.rs": "fn main() { event_routing_backends::a::f() }",
            "a.rs": "#[arg(value_parser = crate::b::parse)] struct A; pub fn f() { println!(\"{}\", crate::c::g()) }",
            "b.rs": "pub fn parse() {}",
            "c.rs": "macro_rules! word { () => {} } pub(crate) use word; pub fn g() {}",
        }
        self.assertEqual(imports(files), {("main.rs", "a.rs"), ("a.rs", "b.rs"), ("a.rs", "c.rs")})


class Rules(unittest.TestCase):
    def test_imports_from_lower_rows_are_allowed(self):
        files = {
            "lib.rs": "mod cli; mod run;",
            "cli/mod.rs": "mod a; mod b; pub use a::A;",
            "cli/a.rs": "use super::b::B; use crate::run::R;",
            "cli/b.rs": "pub struct B;",
            "run.rs": "pub struct R;",
        }
        self.assertEqual(violations(files), [])

    def test_imports_from_the_same_or_a_higher_row_are_violations(self):
        files = {
            "lib.rs": "mod cli; mod output; mod send;",
            "cli.rs": "pub fn f() {}",
            "output.rs": "fn g() { crate::cli::f() }",
            "send.rs": "use crate::output::O;",
        }
        lines = violations(files)
        self.assertEqual(len(lines), 2)
        self.assertIn("output → cli (src/output.rs:1: crate::cli::f)", lines[0])
        self.assertIn("send → output", lines[1])

    def test_an_import_through_a_re_export_is_an_import_of_both_modules(self):
        files = {
            "lib.rs": "mod report; mod outcome; mod run; mod tracking;",
            "report.rs": "pub use crate::outcome::Tally;",
            "outcome.rs": "pub struct Tally;",
            "run.rs": "",
            "tracking.rs": "use crate::report::Tally;",
        }
        self.assertEqual(len(violations(files)), 1)
        self.assertIn("tracking → report", violations(files)[0])

    def test_a_module_without_a_row_is_a_violation(self):
        self.assertEqual(violations({"lib.rs": "mod elsewhere;", "elsewhere.rs": ""}), ["module without a row: elsewhere"])

    def test_a_circle_of_files_is_a_violation(self):
        files = {
            "lib.rs": "mod send;",
            "send/mod.rs": "mod a; mod b; pub struct S; fn f() { a::f() }",
            "send/a.rs": "use super::S; pub fn f() {}",
            "send/b.rs": "",
        }
        self.assertEqual(violations(files)[0], "circle in send: a mod")

    def test_a_module_that_re_exports_its_files_and_defines_a_type_for_them_is_a_violation(self):
        files = {
            "lib.rs": "mod send;",
            "send/mod.rs": "mod a; pub use a::A; pub struct S;",
            "send/a.rs": "use super::S; pub struct A;",
        }
        self.assertEqual(violations(files)[0], "circle in send: a mod")

    def test_a_circle_of_folders_is_a_violation(self):
        files = {
            "lib.rs": "mod send;",
            "send/mod.rs": "mod lrs; mod worker;",
            "send/lrs/mod.rs": "mod a; mod b;",
            "send/lrs/a.rs": "use crate::send::worker::W;",
            "send/lrs/b.rs": "pub struct B;",
            "send/worker.rs": "use super::lrs::b::B; pub struct W;",
        }
        self.assertEqual(violations(files)[0], "circle in send: lrs worker")


def run():
    suite = unittest.defaultTestLoader.loadTestsFromModule(__import__(__name__))
    return 0 if unittest.TextTestRunner().run(suite).wasSuccessful() else 1
