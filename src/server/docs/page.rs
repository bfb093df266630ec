//! `/docs`: the API to look at and to try out. Swagger UI comes with its crate, so that nothing is asked of
//! any other host.

use std::sync::Arc;

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse as _, Response};
use utoipa_swagger_ui::Config;

use crate::server::dialects::{DIALECTS, Dialect};
use crate::server::error::AppError;
use crate::server::safety;

/// What of Swagger UI the page needs.
const FILES: [&str; 2] = ["swagger-ui.css", "swagger-ui-bundle.js"];
/// What starts it. A script of its own: the page's policy knows no inline ones.
const START: &str = "start.js";
const START_JS: &str = "SwaggerUIBundle({ url: \"/docs/openapi.json\", dom_id: \"#api\", deepLinking: true, \
                        docExpansion: \"none\", validatorUrl: null });\n";
/// What is the page's own of its looks.
const STYLE: &str = "page.css";
const STYLE_CSS: &str = include_str!("page.css");
/// Files change with the program alone.
const A_DAY: HeaderValue = HeaderValue::from_static("public, max-age=86400");

/// `GET /docs`.
pub async fn page() -> Response {
    let headers = [(header::CONTENT_SECURITY_POLICY, safety::DOCS)];
    (headers, Html(html(&dialects_html()))).into_response()
}

/// What stands above the operations: which other protocols are spoken, where, and to whom.
fn dialects_html() -> String {
    let rows: String = DIALECTS.iter().map(row).collect();
    // Roles are named because a narrow screen lays the table out as blocks.
    format!(
        "<table class=\"dialects\" role=\"table\">\
         <caption>Older dashboards whose clients work unchanged</caption>\
         <thead role=\"rowgroup\"><tr role=\"row\"><th role=\"columnheader\" scope=\"col\">Dashboard</th>\
         <th role=\"columnheader\" scope=\"col\">{SOCKETS}</th>\
         <th role=\"columnheader\" scope=\"col\">{REST}</th>\
         <th role=\"columnheader\" scope=\"col\">{CLIENTS}</th></tr></thead>\n\
         <tbody role=\"rowgroup\">{rows}</tbody></table>"
    )
}

const SOCKETS: &str = "Sockets";
const REST: &str = "REST";
const CLIENTS: &str = "Clients known to work";

fn row(dialect: &Dialect) -> String {
    let [sockets, rest] = [(SOCKETS, dialect.sockets), (REST, dialect.rest)]
        .map(|(label, paths)| cell(label, paths, |path| format!("<code>{path}</code>")));
    let clients = cell(CLIENTS, dialect.clients, str::to_owned);
    format!(
        "<tr role=\"row\"><th role=\"rowheader\" scope=\"row\">{}</th>{sockets}{rest}{clients}</tr>\n",
        dialect.name
    )
}

fn cell(label: &str, items: &[&str], written: impl Fn(&str) -> String) -> String {
    let items: String = items
        .iter()
        .map(|item| format!("<li>{}</li>", written(item)))
        .collect();
    let items = match items.as_str() {
        "" => "none".to_owned(),
        items => format!("<ul>{items}</ul>"),
    };
    format!("<td role=\"cell\" data-label=\"{label}\">{items}</td>")
}

fn html(dialects: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>API · Plainsight</title>\n<link rel=\"icon\" href=\"/favicon.svg\">\n\
         <link rel=\"stylesheet\" href=\"/docs/swagger-ui.css\">\n\
         <link rel=\"stylesheet\" href=\"/docs/{STYLE}\">\n</head>\n<body class=\"swagger-ui\">\n\
         <header class=\"wrapper\"><p><a href=\"/\">Plainsight</a> · \
         <a href=\"/docs/openapi.json\">OpenAPI</a> (REST) · \
         <a href=\"/docs/asyncapi.json\">AsyncAPI</a> (sockets)</p>{dialects}</header>\n\
         <main id=\"api\"></main>\n<noscript>The documents themselves are linked above.</noscript>\n\
         <script src=\"/docs/swagger-ui-bundle.js\"></script>\n<script src=\"/docs/{START}\"></script>\n\
         </body>\n</html>\n"
    )
}

/// `GET /docs/{file}`: what the page is made of.
pub async fn file(name: Result<Path<String>, PathRejection>) -> Result<Response, AppError> {
    let name = name.map_or_else(|_| String::new(), |Path(name)| name);
    match name.as_str() {
        START => return Ok(found("text/javascript", START_JS.into())),
        STYLE => return Ok(found("text/css", STYLE_CSS.into())),
        _ => {}
    }
    let known = FILES.contains(&name.as_str());
    let served = known
        .then(|| utoipa_swagger_ui::serve(&name, Arc::new(Config::from("/docs/openapi.json"))));
    match served.transpose() {
        Ok(Some(Some(file))) => Ok(found(&file.content_type, file.bytes.into_owned())),
        Ok(_) => Err(AppError::NotFound("there is no such file".to_owned())),
        Err(error) => Err(AppError::Internal(error.to_string())),
    }
}

fn found(content_type: &str, body: Vec<u8>) -> Response {
    let content_type = HeaderValue::from_str(content_type);
    let content_type = content_type.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, A_DAY),
    ];
    (headers, body).into_response()
}
