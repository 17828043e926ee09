//! In what two bundles differ: every fact of their manifests by name, and their files by hash.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use friends_core::model::Bundle;
use serde::Serialize;
use serde_json::{Value, json};

/// Characters of a fact that are shown to people.
const SHOWN: usize = 24;

/// A fact that is not the same in both.
#[derive(Serialize)]
pub struct Difference {
    /// Its name, with dots between its parts.
    fact: String,
    /// In the first bundle; null where it is only in the second.
    one: Value,
    /// In the second bundle; null where it is only in the first.
    other: Value,
}

/// All of them, by name.
pub fn between(one: &Bundle, other: &Bundle) -> anyhow::Result<Vec<Difference>> {
    let (one, other) = (facts(one)?, facts(other)?);
    let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let of = |facts: &BTreeMap<String, Value>, name: &str| {
        facts.get(name).cloned().unwrap_or(Value::Null)
    };
    Ok(names
        .into_iter()
        .map(|name| Difference { fact: name.clone(), one: of(&one, name), other: of(&other, name) })
        .filter(|difference| difference.one != difference.other)
        // A label that only one of them has is one difference.
        .filter(|difference| {
            match difference.fact.strip_prefix("labels.").and_then(|fact| fact.split_once('.')) {
                Some((_, "slug")) | None => true,
                Some((slug, _)) => [&one, &other]
                    .iter()
                    .all(|facts| facts.contains_key(&format!("labels.{slug}.slug"))),
            }
        })
        .collect())
}

/// A table for people.
pub fn text(differences: &[Difference], bundles: [&Path; 2]) -> String {
    if differences.is_empty() {
        return format!("{} and {} say the same\n", bundles[0].display(), bundles[1].display());
    }
    let short = |value: &Value| {
        let text = match value {
            Value::Null => "–".to_owned(),
            Value::String(text) => text.clone(),
            Value::Number(number) if number.is_f64() => {
                format!("{:.4}", number.as_f64().unwrap_or_default())
            }
            other => other.to_string(),
        };
        if text.chars().count() > SHOWN {
            text.chars().take(SHOWN - 1).chain(['…']).collect()
        } else {
            text
        }
    };
    let width = differences.iter().map(|difference| difference.fact.len()).max().unwrap_or(0);
    let mut text =
        format!("{:width$}  {:SHOWN$}  {}\n", "", bundles[0].display(), bundles[1].display());
    for Difference { fact, one, other } in differences {
        _ = writeln!(text, "{fact:width$}  {:SHOWN$}  {}", short(one), short(other));
    }
    text
}

/// A bundle as a flat list: labels by their slugs, confusions and bands as they stand.
fn facts(bundle: &Bundle) -> anyhow::Result<BTreeMap<String, Value>> {
    let mut manifest = serde_json::to_value(&bundle.manifest)?;
    let by_slug: serde_json::Map<String, Value> = manifest["labels"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|label| Some((label["slug"].as_str()?.to_owned(), label.clone())))
        .collect();
    manifest["labels"] = Value::Object(by_slug);
    let head = serde_json::to_value(&bundle.head)?;
    manifest["head"] = json!({"file": manifest["head"], "kind": head["kind"]});
    let mut facts = BTreeMap::new();
    flatten(String::new(), manifest, &mut facts);
    Ok(facts)
}

fn flatten(name: String, value: Value, facts: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(parts) => {
            for (part, value) in parts {
                flatten(
                    if name.is_empty() { part } else { format!("{name}.{part}") },
                    value,
                    facts,
                );
            }
        }
        value => {
            facts.insert(name, value);
        }
    }
}
