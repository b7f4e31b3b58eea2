//! Random values, and values that are hashes of their arguments.

use fastrand::Rng;

/// Returns a hash of the arguments (splitmix64). With it, the nth user or block needs no table.
pub fn number_of(seed: u64, kind: u64, nth: u64) -> u64 {
    let mut mixed = seed ^ kind.rotate_left(48) ^ nth.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for factor in [0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb] {
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(factor);
    }
    mixed ^ (mixed >> 31)
}

/// Returns a hash of the arguments with 32 hexadecimal digits, like the ids of blocks.
pub fn hex_of(seed: u64, kind: u64, nth: u64) -> String {
    let (high, low) = (number_of(seed, kind, nth), number_of(!seed, kind, nth));
    format!("{high:016x}{low:016x}")
}

/// Returns a random element. All are equally likely.
pub fn one_of<'a, T>(rng: &mut Rng, all: &'a [T]) -> &'a T {
    &all[rng.usize(..all.len())]
}

/// Returns a random number below `end`. Small numbers are more likely, since few courses have most of the learners.
pub fn skewed(rng: &mut Rng, end: usize) -> usize {
    let last = rng.usize(..end);
    rng.usize(..=last)
}

/// Returns a text of `count` words.
pub fn words(rng: &mut Rng, count: usize) -> String {
    let mut text = String::new();
    for nth in 0..count {
        if nth > 0 {
            text.push(' ');
        }
        text.push_str(one_of::<&str>(rng, WORDS));
    }
    text[..1].make_ascii_uppercase();
    text
}

#[rustfmt::skip]
const WORDS: &[&str] = &[
    "the", "of", "and", "a", "to", "in", "is", "that", "it", "for", "on", "with", "as", "by", "at", "from", "which",
    "are", "was", "this", "each", "light", "leaf", "stem", "root", "cell", "water", "energy", "sugar", "oxygen",
    "plant", "growth", "seed", "flower", "pollen", "soil", "mineral", "season", "climate", "forest", "river", "ocean",
    "species", "gene", "protein", "membrane", "enzyme", "reaction", "rate", "temperature", "pressure", "volume",
    "mass", "force", "motion", "velocity", "field", "charge", "current", "circuit", "signal", "noise", "sample",
    "mean", "variance", "sum", "product", "matrix", "vector", "function", "limit", "derivative", "integral", "series",
    "proof", "theorem", "graph", "tree", "node", "edge", "queue", "stack", "loop", "variable", "type", "value",
    "error", "test", "model", "market", "price", "demand", "supply", "trade", "policy", "law", "history", "century",
    "empire", "city", "language", "grammar", "sentence", "verb", "noun", "poem", "novel", "author", "theme", "colour",
    "caf\u{e9}", "na\u{ef}ve", "because", "although", "between", "through", "during", "before", "after", "increase",
    "decrease", "remains", "depends", "follows", "shows", "explains", "describes", "compares", "contains", "requires",
    "produces", "absorbs",
];
