//! The report of a run: for a person as the last lines on standard error, for a program as one JSON object.

use std::fmt::{self, Display};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::{Summary, grouped};
use crate::output::http::{Route, RouterTally};
use crate::output::temporary_file_beside;

/// What a run did.
pub struct Report<'a> {
    pub command: &'static str,
    /// No request was made.
    pub dry_run: bool,
    /// Of the lines that were read, if any were.
    pub summary: Option<&'a Summary<'a>>,
    /// The routers that were sent to.
    pub routes: &'a [Arc<Route>],
}

impl Display for Report<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        parts.extend(self.summary.map(|summary| summary.to_string()));
        parts.extend(
            self.routes
                .iter()
                .map(|route| router_text(&route.name, &route.tally(), self.dry_run)),
        );
        if parts.is_empty() {
            parts.push("nothing was sent".to_owned());
        }
        formatter.write_str(&parts.join("\n"))
    }
}

fn router_text(name: &str, tally: &RouterTally, dry_run: bool) -> String {
    let verb = if dry_run {
        "would be delivered"
    } else {
        "delivered"
    };
    let mut text = format!("{name}\n{:>15} {verb}", grouped(tally.delivered));
    let unverified = match tally.unverified {
        0 => String::new(),
        count => format!("  {} unverified", grouped(count)),
    };
    let letters = match tally.dead_letters {
        0 => String::new(),
        count => {
            let reasons = tally.reasons.iter();
            let reasons: Vec<String> = reasons
                .map(|(reason, count)| format!("{} {}", reason.code(), grouped(*count)))
                .collect();
            let plural = if count == 1 { "" } else { "s" };
            let letters = grouped(count);
            format!("  {}, in {letters} dead letter{plural}", reasons.join(", "))
        }
    };
    let rows = [
        (tally.duplicates, "duplicates", unverified),
        (tally.dead, "undeliverable", letters),
        (tally.undelivered, "left", String::new()),
    ];
    for (count, what, detail) in rows {
        text.push_str(&format!("\n{:>15} {what}{detail}", grouped(count)));
    }
    text.push_str(&format!(
        "\n{:>15} requests  {} repeated, {:.1} MB in {:.1} s",
        grouped(tally.requests),
        grouped(tally.retries),
        tally.bytes as f64 / 1e6,
        tally.elapsed().as_secs_f64()
    ));
    text
}

impl Report<'_> {
    /// The report as one JSON object.
    fn to_json(&self) -> Value {
        let routers = self.routes.iter().map(|route| {
            let tally = route.tally();
            json!({
                "router": route.name,
                "delivered": tally.delivered,
                "duplicates": tally.duplicates,
                "unverified": tally.unverified,
                "undeliverable": tally.dead,
                "dead_letters": tally.dead_letters,
                "left": tally.undelivered,
                "requests": tally.requests,
                "retries": tally.retries,
                "bytes": tally.bytes,
                "seconds": tally.elapsed().as_secs_f64(),
            })
        });
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "command": self.command,
            "dry_run": self.dry_run,
            "total": self.summary.map(total),
            "routers": routers.collect::<Vec<_>>(),
        })
    }
}

fn total(summary: &Summary<'_>) -> Value {
    let tally = summary.tally;
    let reasons: Map<String, Value> = tally
        .reasons
        .iter()
        .map(|(reason, count)| (reason.code().to_owned(), json!(count)))
        .collect();
    json!({
        "inputs": summary.inputs,
        "failed_inputs": summary.failed_inputs,
        "lines": tally.lines(),
        "outcomes": {
            "emitted": tally.emitted,
            "unsupported": tally.unsupported,
            "filtered": tally.filtered,
            "rejected": tally.rejected,
            "unparsable": tally.unparsable,
        },
        "reasons": reasons,
        "written": tally.written,
        "bytes": summary.bytes,
        "seconds": summary.elapsed.as_secs_f64(),
    })
}

/// Writes the report to a file, if there is one.
///
/// # Errors
/// It cannot be written.
pub fn write_report(path: Option<&Path>, report: &Report<'_>) -> Result<()> {
    let Some(path) = path else {
        return Ok(());
    };
    let write = || -> Result<()> {
        let text = format!("{:#}\n", report.to_json());
        if path.exists() && !path.is_file() {
            std::fs::write(path, text)?;
            return Ok(());
        }
        let mut file = temporary_file_beside(path)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_data()?;
        file.persist(path)?;
        Ok(())
    };
    write().with_context(|| format!("failed to write the report `{}`", path.display()))
}
