//! One operation of the API, and how it is written in an OpenAPI document.

use serde_json::{Map, Value, json};
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::{IntoParams, ToSchema};

use super::errors;
use super::schemas::Schemas;
use crate::domain::{BotId, Symbol, UserName};
use crate::server::access::{Need, Route};
use crate::server::dialects::is_theirs;
use crate::server::rest::{DUPLICATE, IDEMPOTENCY_KEY, NEXT_BEFORE, SEQ};

/// What is said of an address beside what the access table has.
pub struct Operation<'a> {
    schemas: &'a mut Schemas,
    group: &'static str,
    summary: &'static str,
    /// What stands in the path and the query, and headers.
    parameters: Vec<Value>,
    /// What `{id}` in the path is.
    id: &'static str,
    body: Option<Value>,
    answers: Map<String, Value>,
    errors: Vec<u16>,
}

impl<'a> Operation<'a> {
    pub fn new(schemas: &'a mut Schemas, group: &'static str) -> Self {
        Self {
            schemas,
            group,
            summary: "",
            parameters: Vec::new(),
            id: "",
            body: None,
            answers: Map::new(),
            errors: Vec::new(),
        }
    }

    /// In one line.
    pub fn does(mut self, summary: &'static str) -> Self {
        self.summary = summary;
        self
    }

    /// The parameters of a query. One that cannot be read is an error.
    pub fn query<P: IntoParams>(mut self) -> Self {
        let parameters = P::into_params(|| Some(ParameterIn::Query));
        self.parameters.extend(parameters.iter().map(in_query));
        self.fails(&[400])
    }

    pub fn id(mut self, about: &'static str) -> Self {
        self.id = about;
        self
    }

    /// A body of JSON.
    pub fn takes<T: ToSchema>(self) -> Self {
        let schema = self.schemas.given::<T>();
        self.takes_schema(&schema, true)
    }

    /// One that may be left out.
    pub fn may_take<T: ToSchema>(self) -> Self {
        let schema = self.schemas.given::<T>();
        self.takes_schema(&schema, false)
    }

    pub fn takes_schema(mut self, schema: &Value, is_required: bool) -> Self {
        self.body = Some(json!({
            "required": is_required,
            "content": { "application/json": { "schema": schema } },
        }));
        self.fails(&[400, 408, 413])
    }

    /// Sending it again under the same key does not do it again.
    pub fn once(mut self) -> Self {
        self.parameters.push(json!({
            "name": title_case(IDEMPOTENCY_KEY.as_str()),
            "in": "header",
            "description": "Stands for a `client_order_id` that the body does not have.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[!-~]+$" },
        }));
        self
    }

    /// Answers 200 with this.
    pub fn gives<T: ToSchema>(self) -> Self {
        let schema = self.schemas.of::<T>();
        self.answers(
            200,
            "Done.",
            json!({ "application/json": { "schema": schema } }),
        )
    }

    /// Answers 200 with a list of these.
    pub fn lists<T: ToSchema>(self) -> Self {
        let schema = self.schemas.list_of::<T>();
        self.answers(
            200,
            "Done.",
            json!({ "application/json": { "schema": schema } }),
        )
    }

    /// Answers with this.
    pub fn answers(mut self, status: u16, about: &str, content: Value) -> Self {
        let answer = json!({ "description": about, "content": content });
        self.answers.insert(status.to_string(), answer);
        self
    }

    /// Answers with no body.
    pub fn says(mut self, status: u16, about: &str) -> Self {
        let answer = json!({ "description": about });
        self.answers.insert(status.to_string(), answer);
        self
    }

    /// The answer is true at a seq, and says so.
    pub fn at_seq(self) -> Self {
        let about = "The input that the answer is true at.";
        self.header(
            SEQ.as_str(),
            about,
            &json!({ "type": "integer", "minimum": 0 }),
        )
    }

    /// Older entries follow on other pages.
    pub fn paged(self) -> Self {
        let text = json!({ "type": "string" });
        self.header(
            NEXT_BEFORE.as_str(),
            "The `before` of the next page; absent on the last.",
            &text,
        )
        .header(
            "Link",
            "The address of the next page, `rel=\"next\"`.",
            &text,
        )
    }

    /// What was asked for before, under the same id, is answered as it is now.
    pub fn repeatable(self) -> Self {
        let about = "There where the same was asked for before.";
        self.header(
            DUPLICATE.as_str(),
            about,
            &json!({ "type": "string", "enum": ["true"] }),
        )
    }

    fn header(mut self, name: &str, about: &str, schema: &Value) -> Self {
        for answer in self.answers.values_mut() {
            answer["headers"][title_case(name)] = json!({ "description": about, "schema": schema });
        }
        self
    }

    /// Statuses of problems. Those that follow from the address's need are added by themselves.
    pub fn fails(mut self, statuses: &[u16]) -> Self {
        self.errors.extend(statuses);
        self
    }

    /// As it stands in the document.
    pub fn into_value(mut self, route: &Route) -> Value {
        self.parameters
            .splice(0..0, in_path(route.path, self.id, self.schemas));
        // Each address and user may be sent away, and pages of other sites are.
        self.errors.extend([403, 429]);
        self.errors
            .extend((route.need != Need::Nothing).then_some(401));
        for status in self.errors {
            let response = errors::response(status, self.schemas);
            // A status with a body of its own keeps it.
            self.answers.entry(status.to_string()).or_insert(response);
        }
        let mut operation = json!({
            "tags": [self.group],
            "summary": self.summary,
            "operationId": operation_id(route),
            "parameters": self.parameters,
            "responses": self.answers,
            "security": security(route.need),
        });
        if let Some(words) = needed(route.need) {
            operation["description"] = json!(words);
        }
        if let Some(body) = self.body {
            operation["requestBody"] = body;
        }
        operation
    }
}

/// A parameter of a query: it is there or not, and never null.
fn in_query(parameter: &Parameter) -> Value {
    let mut parameter = json!(parameter);
    let schema = &mut parameter["schema"];
    let is_null = |value: &Value| *value == "null" || value["type"] == "null";
    for field in ["oneOf", "type"] {
        if let Some(Value::Array(choices)) = schema.get_mut(field) {
            choices.retain(|choice| !is_null(choice));
            if let [only] = &choices[..] {
                let only = only.clone();
                match field {
                    "oneOf" => *schema = only,
                    _ => schema[field] = only,
                }
            }
        }
    }
    parameter
}

/// `plainsight-seq` as `Plainsight-Seq`.
fn title_case(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        format!("{}{rest}", first.to_uppercase())
    });
    words.collect::<Vec<_>>().join("-")
}

/// The parameters that stand in a path.
fn in_path(path: &str, id: &str, schemas: &mut Schemas) -> Vec<Value> {
    let names = path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let parameters = names.map(|name| {
        let (about, schema) = match name {
            "symbol" => ("What is traded.", schemas.of::<Symbol>()),
            "bot" => ("Its name.", schemas.of::<BotId>()),
            "name" => ("The user's name.", schemas.of::<UserName>()),
            _ => (id, json!({ "type": "string", "minLength": 1 })),
        };
        json!({ "name": name, "in": "path", "required": true, "description": about, "schema": schema })
    });
    parameters.collect()
}

/// `GET /v1/orders/{id}/explain` is `get_orders_id_explain`; an older dashboard's `GET /ws` is no `get_ws`.
fn operation_id(route: &Route) -> String {
    let mut id = route.method.to_lowercase();
    if is_theirs(route.path) {
        id += "_dialect";
    }
    for part in route
        .path
        .split('/')
        .filter(|part| !matches!(*part, "" | "v1"))
    {
        id.push('_');
        id.extend(
            part.chars()
                .filter(|c| c.is_ascii_alphanumeric() || *c == '_'),
        );
    }
    id
}

fn security(need: Need) -> Value {
    match need {
        Need::Nothing => json!([]),
        Need::Person | Need::Manage => json!([{ "session": [] }, { "cookie": [] }]),
        Need::See | Need::Trade | Need::Ingest => {
            json!([{ "token": [] }, { "session": [] }, { "cookie": [] }])
        }
    }
}

fn needed(need: Need) -> Option<String> {
    let (role, scope) = need.least()?;
    Some(match scope {
        Some(scope) => format!("Needs the role `{role}`; of a token, the scope `{scope}`."),
        None => format!("Needs somebody who has signed in, with the role `{role}`; no token does."),
    })
}
