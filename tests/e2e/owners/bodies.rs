//! A body that fits its schema, with the ids that a test puts into it.

use super::operations::Kind;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// How deep schemas may be nested.
const DEPTH_MAX: usize = 12;

/// Makes bodies out of the schemas of one document.
pub(crate) struct Bodies<'a> {
    pub(crate) document: &'a Value,
    /// What a field of this name holds, where its schema alone does not say enough.
    pub(crate) known: &'a BTreeMap<&'a str, Value>,
}

impl Bodies<'_> {
    /// The owned things that a schema's fields name, at any depth.
    pub(crate) fn kinds(&self, schema: &Value) -> BTreeMap<String, Kind> {
        let mut kinds = BTreeMap::new();
        self.collect(schema, &mut kinds, 0);
        kinds
    }

    fn collect(&self, schema: &Value, kinds: &mut BTreeMap<String, Kind>, depth: usize) {
        if depth > DEPTH_MAX {
            return;
        }
        let schema = self.resolved(schema);
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let resolved = self.resolved(property);
            let is_text = resolved["type"] == "string" || resolved["type"].to_string().contains("\"string\"");
            match Kind::of_field(name).filter(|_| is_text && resolved["format"].is_null()) {
                Some(kind) => drop(kinds.insert(name.clone(), kind)),
                None => self.collect(property, kinds, depth + 1),
            }
        }
        self.collect_inner(schema, kinds, depth);
    }

    fn collect_inner(&self, schema: &Value, kinds: &mut BTreeMap<String, Kind>, depth: usize) {
        if schema["items"].is_object() {
            self.collect(&schema["items"], kinds, depth + 1);
        }
        for combination in ["allOf", "anyOf", "oneOf"] {
            for part in schema[combination].as_array().into_iter().flatten() {
                self.collect(part, kinds, depth + 1);
            }
        }
    }

    /// The prefixes of the owned ids that the patterns of a schema ask for, at any depth.
    pub(crate) fn patterns(&self, schema: &Value) -> BTreeSet<&'static str> {
        let mut prefixes = BTreeSet::new();
        let mut waiting = vec![(schema, 0)];
        while let Some((schema, depth)) = waiting.pop() {
            if depth > DEPTH_MAX {
                continue;
            }
            if let Some(pattern) = schema["pattern"].as_str() {
                let of_pattern = |kind: &&Kind| pattern.starts_with(&format!("^{}_", kind.prefix()));
                prefixes.extend(Kind::ALL.iter().find(of_pattern).map(|kind| kind.prefix()));
            }
            if let Some(pointer) = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
                waiting.extend(self.document.pointer(pointer).map(|schema| (schema, depth + 1)));
            }
            let children = schema.as_object().into_iter().flat_map(|members| members.values());
            waiting.extend(children.chain(schema.as_array().into_iter().flatten()).map(|child| (child, depth)));
        }
        prefixes
    }

    /// What the schema is about: with its reference followed, and of several alternatives the first that is not null.
    fn resolved<'s>(&'s self, mut schema: &'s Value) -> &'s Value {
        for _ in 0..DEPTH_MAX {
            if let Some(reference) = schema["$ref"].as_str() {
                let pointer = reference.strip_prefix('#').expect("references stay in the document");
                schema = self.document.pointer(pointer).unwrap_or_else(|| panic!("there is no {reference}"));
            } else if let Some(alternatives) = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array()) {
                schema = alternatives.iter().find(|alternative| alternative["type"] != "null").unwrap_or(schema);
            } else {
                return schema;
            }
        }
        schema
    }

    /// A body with every required field, and every field that names an owned thing in `ids`.
    pub(crate) fn sample(&self, schema: &Value, ids: &BTreeMap<Kind, String>) -> Value {
        self.value(None, schema, ids, 0)
    }

    fn value(&self, name: Option<&str>, schema: &Value, ids: &BTreeMap<Kind, String>, depth: usize) -> Value {
        assert!(depth <= DEPTH_MAX, "a schema is too deep: {schema}");
        let resolved = self.resolved(schema);
        if let Some(name) = name {
            if let Some(kind) = Kind::of_field(name).filter(|_| resolved["format"].is_null()) {
                return json!(ids[&kind]);
            }
            if let Some(known) = self.known.get(name) {
                return known.clone();
            }
        }
        for example in [&schema["example"], &resolved["example"], &resolved["examples"][0], &resolved["const"]] {
            if !example.is_null() {
                return example.clone();
            }
        }
        if let Some(first) = resolved["enum"].as_array().and_then(|values| values.first()) {
            return first.clone();
        }
        if resolved["properties"].is_object() || resolved["allOf"].is_array() {
            return Value::Object(self.object(resolved, ids, depth));
        }
        let is = |wanted: &str| {
            resolved["type"] == wanted
                || resolved["type"].as_array().is_some_and(|types| types.contains(&json!(wanted)))
        };
        if is("array") {
            let items = 0..resolved["minItems"].as_u64().unwrap_or(1).max(1);
            return items.map(|_| self.value(name, &resolved["items"], ids, depth + 1)).collect();
        }
        if is("integer") || is("number") {
            return json!(resolved["minimum"].as_i64().unwrap_or(1).max(1));
        }
        if is("boolean") {
            return json!(true);
        }
        match resolved["format"].as_str() {
            Some("date") => json!("2026-01-02"),
            Some("date-time") => json!("2099-01-02T03:04:05Z"),
            Some("uri") => json!("https://example.com/a"),
            _ => json!("a".repeat(usize::try_from(resolved["minLength"].as_u64().unwrap_or(1).max(1)).unwrap())),
        }
    }

    fn object(&self, schema: &Value, ids: &BTreeMap<Kind, String>, depth: usize) -> Map<String, Value> {
        let mut object = Map::new();
        for part in schema["allOf"].as_array().into_iter().flatten() {
            object.extend(self.object(self.resolved(part), ids, depth + 1));
        }
        let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().flat_map(Value::as_str).collect();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let names_owned = !self.kinds(&json!({ "properties": { name: property } })).is_empty();
            if required.contains(&name.as_str()) || names_owned {
                object.insert(name.clone(), self.value(Some(name), property, ids, depth + 1));
            }
        }
        object
    }
}
