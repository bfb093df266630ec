//! The API's types in Python: a `TypedDict` for each object. What has no name in the documents gets one here.

use super::model::{Api, Definition, Field, Type};

const HEAD: &str = "\"\"\"The types of Plainsight's API: frames of its socket, data of its topics, bodies of REST.\n\n\
                    Generated from the server's documents; the tests say how it is written anew.\n\"\"\"\n\n\
                    from __future__ import annotations\n\n\
                    from typing import Literal, NotRequired, TypeAlias, TypedDict, Union\n";

pub fn write(api: &Api) -> String {
    let mut out = HEAD.to_owned();
    for definition in &api.types {
        define(definition, &mut out);
    }
    out
}

fn define(definition: &Definition, out: &mut String) {
    let name = &definition.name;
    match &definition.kind {
        Type::Object(fields) => object(name, definition.about.as_deref(), fields, out),
        kind => {
            // What stands inside comes first.
            let written = type_of(kind, name, out);
            // What is put together of several objects is a class of this name by now.
            if written == *name {
                return;
            }
            *out += "\n";
            comment(definition.about.as_deref(), "", out);
            *out += &format!("{name}: TypeAlias = {}\n", quoted(&written));
        }
    }
}

/// As text, so that it may name what comes later.
fn quoted(written: &str) -> String {
    format!("'{written}'")
}

fn comment(about: Option<&str>, indent: &str, out: &mut String) {
    for line in about.into_iter().flat_map(str::lines) {
        *out += &format!("{indent}# {}\n", line.trim());
    }
}

fn object(name: &str, about: Option<&str>, fields: &[Field], out: &mut String) {
    let mut members = Vec::new();
    for field in fields {
        let inner = format!("{name}{}", camel(&field.name));
        let written = type_of(&field.kind, &inner, out);
        let written = if field.is_required {
            written
        } else {
            format!("NotRequired[{written}]")
        };
        members.push((field, written));
    }
    *out += "\n\n";
    if fields.iter().any(|field| is_keyword(&field.name)) {
        comment(about, "", out);
        *out += &format!("{name} = TypedDict(\n    \"{name}\",\n    {{\n");
        for (field, written) in members {
            comment(field.about.as_deref(), "        ", out);
            *out += &format!("        \"{}\": {},\n", field.name, quoted(&written));
        }
        *out += "    },\n)\n";
        return;
    }
    *out += &format!("class {name}(TypedDict):\n");
    if let Some(about) = about {
        let text: Vec<&str> = about.lines().map(str::trim).collect();
        *out += &format!(
            "    \"\"\"{}\"\"\"\n\n",
            text.join("\n    ").replace('\\', "\\\\")
        );
    }
    if members.is_empty() {
        *out += "    pass\n";
    }
    for (field, written) in members {
        comment(field.about.as_deref(), "    ", out);
        *out += &format!("    {}: {written}\n", field.name);
    }
}

fn is_keyword(name: &str) -> bool {
    ["from", "is", "in", "not", "class", "def", "with"].contains(&name)
}

fn camel(name: &str) -> String {
    let words = name.split(['_', ' ']).map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        format!("{}{rest}", first.to_uppercase())
    });
    words.collect()
}

/// A choice is called after what tells it from the others.
fn choice_name(name: &str, place: usize, choice: &Type) -> String {
    if let Type::Object(fields) = choice {
        for field in fields {
            if let Type::Words(words) = &field.kind
                && let [word] = &words[..]
                && let Some(word) = word.as_str()
            {
                return format!("{name}{}", camel(word));
            }
        }
        if let [only] = &fields[..] {
            return format!("{name}{}", camel(&only.name));
        }
    }
    format!("{name}{}", place + 1)
}

/// How a type is written; the objects in it are defined on the way.
fn type_of(kind: &Type, name: &str, out: &mut String) -> String {
    match kind {
        Type::Named(name) => name.clone(),
        Type::Words(words) => {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            format!("Literal[{}]", words.join(", "))
        }
        Type::Either(choices) => {
            let mut written = Vec::new();
            for (place, choice) in choices.iter().enumerate() {
                let inner = choice_name(name, place, choice);
                written.push(type_of(choice, &inner, out));
            }
            format!("Union[{}]", written.join(", "))
        }
        Type::All(parts) => all_of(parts, name, out),
        Type::List(item) => format!("list[{}]", type_of(item, name, out)),
        Type::Map(keys, value) => {
            let keys = keys.as_ref().map_or_else(
                || "str".to_owned(),
                |keys| type_of(&Type::Words(keys.clone()), name, out),
            );
            format!("dict[{keys}, {}]", type_of(value, name, out))
        }
        Type::Object(fields) => {
            object(name, None, fields, out);
            name.to_owned()
        }
        Type::Prefixed(_) | Type::Text => "str".to_owned(),
        Type::Integer => "int".to_owned(),
        Type::Number => "float".to_owned(),
        Type::Boolean => "bool".to_owned(),
        Type::Null => "None".to_owned(),
    }
}

/// Python has no intersections: an object of all fields for each choice.
fn all_of(parts: &[Type], name: &str, out: &mut String) -> String {
    let mut common = Vec::new();
    let mut choices = Vec::new();
    for part in parts {
        match part {
            Type::Object(fields) => common.extend(fields.iter().cloned()),
            Type::Either(inner) => choices.extend(inner.iter().cloned()),
            other => panic!("{name}: all of {other:?}"),
        }
    }
    if choices.is_empty() {
        return type_of(&Type::Object(common), name, out);
    }
    let merged = choices.into_iter().map(|choice| match choice {
        Type::Object(mut fields) => {
            fields.extend(common.iter().cloned());
            Type::Object(fields)
        }
        other => other,
    });
    type_of(&Type::Either(merged.collect()), name, out)
}
