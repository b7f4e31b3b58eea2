//! The pages of the user guide, for those who run `event-router`. The README has the first steps and the recipes.

/// Declares the pages. Each page starts with link definitions for rustdoc. The file of a page ends with other
/// definitions of the same names, which work on the code host. In Markdown the first definition counts.
macro_rules! pages {
    ($($name:ident: $file:literal,)*) => {$(
        #[doc = "[input and output]: crate::guide::input_and_output"]
        #[doc = "[object storage]: crate::guide::cloud"]
        #[doc = "[events]: crate::guide::events"]
        #[doc = "[inspect]: crate::guide::inspect"]
        #[doc = "[old logs]: crate::guide::old_logs"]
        #[doc = "[lines in other forms]: crate::guide::other_forms"]
        #[doc = "[sending]: crate::guide::sending"]
        #[doc = "[delivery]: crate::guide::delivery"]
        #[doc = "[dead letters]: crate::guide::dead_letters"]
        #[doc = "[verify]: crate::guide::verify"]
        #[doc = "[Benchmarks]: crate::guide::benchmarks"]
        #[doc = "[resuming]: crate::guide::resuming"]
        #[doc = "[jobs]: crate::guide::jobs"]
        #[doc = "[engines]: crate::guide::engines"]
        #[doc = "[duplicates]: crate::guide::duplicates"]
        #[doc = "[routers]: crate::guide::routers"]
        #[doc = "[the report]: crate::guide::report"]
        #[doc = "[lookup tables]: crate::guide::lookup_tables"]
        #[doc = "[Caliper]: crate::guide::caliper"]
        #[doc = "[ClickHouse]: crate::guide::clickhouse"]
        #[doc = "[Aspects]: crate::guide::aspects"]
        #[doc = "[packaging]: crate::guide::packaging"]
        #[doc = "[differences]: crate::guide::differences"]
        #[doc = "[conformance]: crate::guide::conformance"]
        #[doc = "[benchmarks]: crate::guide::benchmarks"]
        #[doc = "[changes]: crate::guide::changes"]
        #[doc = "[README]: crate"]
        #[doc = ""]
        #[doc = include_str!($file)]
        pub mod $name {}
    )*};
}

pages! {
    input_and_output: "input_and_output.md",
    cloud: "cloud.md",
    events: "events.md",
    inspect: "inspect.md",
    old_logs: "old_logs.md",
    other_forms: "other_forms.md",
    sending: "sending.md",
    delivery: "delivery.md",
    dead_letters: "dead_letters.md",
    verify: "verify.md",
    resuming: "resuming.md",
    jobs: "jobs.md",
    engines: "engines.md",
    duplicates: "duplicates.md",
    routers: "routers.md",
    report: "report.md",
    lookup_tables: "lookup_tables.md",
    caliper: "caliper.md",
    conformance: "conformance.md",
    clickhouse: "clickhouse.md",
    aspects: "aspects.md",
    packaging: "packaging.md",
    differences: "differences.md",
    benchmarks: "benchmarks.md",
    changes: "changes.md",
}
