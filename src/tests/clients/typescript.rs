//! The API's types in TypeScript.

use super::model::{Api, Definition, Field, Operation, Type};

const HEAD: &str = "// The types of Plainsight's API: frames of its socket, data of its topics, bodies of REST.\n\
                    // Generated from the server's documents; the tests say how it is written anew.\n\n";

pub fn write(api: &Api) -> String {
    let mut out = HEAD.to_owned();
    for definition in &api.types {
        define(definition, &mut out);
    }
    out += "/** REST, by method and path. */\nexport interface Rest {\n";
    for operation in &api.operations {
        operate(operation, &mut out);
    }
    out + "}\n"
}

fn define(definition: &Definition, out: &mut String) {
    comment(definition.about.as_deref(), "", out);
    let name = &definition.name;
    match &definition.kind {
        Type::Object(fields) => {
            *out += &format!(
                "export interface {name} {{\n{}}}\n\n",
                members(fields, "  ")
            );
        }
        Type::Either(choices) => {
            let choices: Vec<String> = choices.iter().map(|choice| type_of(choice, "  ")).collect();
            *out += &format!("export type {name} =\n  | {};\n\n", choices.join("\n  | "));
        }
        kind => *out += &format!("export type {name} = {};\n\n", type_of(kind, "")),
    }
}

fn comment(about: Option<&str>, indent: &str, out: &mut String) {
    let Some(about) = about else {
        return;
    };
    let lines: Vec<&str> = about.lines().map(str::trim).collect();
    match &lines[..] {
        [one] => *out += &format!("{indent}/** {one} */\n"),
        lines => {
            let text = lines.join(&format!("\n{indent} * "));
            *out += &format!("{indent}/**\n{indent} * {text}\n{indent} */\n");
        }
    }
}

fn members(fields: &[Field], indent: &str) -> String {
    let mut out = String::new();
    for field in fields {
        comment(field.about.as_deref(), indent, &mut out);
        let mark = if field.is_required { "" } else { "?" };
        out += &format!(
            "{indent}{}{mark}: {};\n",
            field.name,
            type_of(&field.kind, indent)
        );
    }
    out
}

fn type_of(kind: &Type, indent: &str) -> String {
    let all = |parts: &[Type], between: &str| {
        let parts: Vec<String> = parts.iter().map(|part| type_of(part, indent)).collect();
        parts.join(between)
    };
    match kind {
        Type::Named(name) => name.clone(),
        Type::Words(words) => {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            words.join(" | ")
        }
        Type::Either(choices) => all(choices, " | "),
        Type::All(parts) => {
            let parts: Vec<String> = parts
                .iter()
                .map(|p| format!("({})", type_of(p, indent)))
                .collect();
            parts.join(" & ")
        }
        Type::List(item) => match &**item {
            Type::Named(name) => format!("{name}[]"),
            item => format!("({})[]", type_of(item, indent)),
        },
        Type::Map(None, value) => format!("Record<string, {}>", type_of(value, indent)),
        Type::Map(Some(keys), value) => {
            let keys = type_of(&Type::Words(keys.clone()), indent);
            format!("Partial<Record<{keys}, {}>>", type_of(value, indent))
        }
        Type::Object(fields) => {
            let deeper = format!("{indent}  ");
            format!("{{\n{}{indent}}}", members(fields, &deeper))
        }
        Type::Prefixed(prefix) => format!("`{prefix}${{string}}`"),
        Type::Text => "string".to_owned(),
        Type::Integer | Type::Number => "number".to_owned(),
        Type::Boolean => "boolean".to_owned(),
        Type::Null => "null".to_owned(),
    }
}

fn operate(operation: &Operation, out: &mut String) {
    comment(Some(&operation.about), "  ", out);
    let nothing = || "undefined".to_owned();
    let query = match &operation.query[..] {
        [] => nothing(),
        fields => type_of(&Type::Object(fields.to_vec()), "    "),
    };
    let body = operation.body.as_ref().map(|body| {
        let kind = type_of(&body.kind, "    ");
        if body.is_required {
            kind
        } else {
            format!("{kind} | undefined")
        }
    });
    let answer = operation
        .answer
        .as_ref()
        .map(|answer| type_of(answer, "    "));
    *out += &format!(
        "  {:?}: {{\n    query: {query};\n    body: {};\n    answer: {};\n  }};\n",
        operation.name,
        body.unwrap_or_else(nothing),
        answer.unwrap_or_else(nothing),
    );
}
