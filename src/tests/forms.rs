//! The pages' forms without a script: an order goes out by a plain form, and a mistake comes back on
//! the page, beside its field, with what was typed.

use plainsight::domain::Order;
use plainsight::wire::form::Receipt;

use crate::answer::Answer;
use crate::harness::TestServer;
use crate::orders::quiet;

const LIMIT: &str = "command=order&bot=paper&symbol=BTCUSDT&side=buy&kind=limit&quantity=0.01&price=20000&client_order_id=web-1";

impl TestServer {
    /// Sends a form as a browser does that runs no script, and does not follow where it leads.
    async fn form(&self, page: &str, text: &str) -> Answer {
        self.sent(page, text, "text/html").await
    }

    async fn sent(&self, page: &str, text: &str, accept: &str) -> Answer {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let request = client
            .post(self.url(page))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", accept)
            .bearer_auth(&self.token)
            .header("origin", format!("http://{}", self.addr))
            .body(text.to_owned());
        self.send(request).await
    }

    async fn open_orders(&self) -> Vec<Order> {
        self.read("/v1/orders/open").await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_goes_out_and_leads_to_its_story() {
    let server = quiet().await;
    let sent = server.form("/trade", LIMIT).await;
    let open = server.open_orders().await;
    let place = format!("/trade?order={}", open[0].id);
    assert_eq!(
        (sent.status, sent.header("location")),
        (303, Some(place.as_str()))
    );
    let page = server.get(&place).await;
    assert!(
        page.text.contains("The story of an order"),
        "the page tells it"
    );
    // A second click on the same page does not do it twice.
    assert_eq!(server.form("/trade", LIMIT).await.status, 303);
    assert_eq!(server.open_orders().await.len(), 1);
    let cancel = format!("command=cancel&order={}", open[0].id);
    assert_eq!(server.form("/trade", &cancel).await.status, 303);
    assert_eq!(server.open_orders().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_is_said_beside_its_field() {
    let server = quiet().await;
    for (text, message, typed) in [
        (
            "quantity=-3",
            "quantity must be greater than zero",
            "value=\"-3\"",
        ),
        ("quantity=much", "cannot be read", "value=\"much\""),
        ("price=", "price is needed", "value=\"0.01\""),
        (
            "quantity=1000",
            "would be worth more than the equity",
            "value=\"1000\"",
        ),
    ] {
        let page = server.form("/trade", &format!("{LIMIT}&{text}")).await;
        assert_eq!(page.status, 422, "{text}");
        assert!(page.text.starts_with("<!DOCTYPE html>"), "{text}");
        // What the script is handed over does not count: the page itself says it.
        let (shown, _) = page.text.split_once("id=\"plainsight-boot\"").unwrap();
        assert!(shown.contains(message), "{text}: {message}");
        assert!(shown.contains(typed), "{text}: what was typed stays");
    }
    let script = "quantity=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    let page = server.form("/trade", &format!("{LIMIT}&{script}")).await;
    assert!(
        !page.text.contains("<script>alert(1)"),
        "what is typed stays text"
    );
    for text in ["command=dance", "", "command=close&symbol=BTCUSDT"] {
        let page = server.form("/positions", text).await;
        assert!((400..500).contains(&page.status), "{text}: {}", page.status);
        assert!(page.text.contains("<!DOCTYPE html>"), "{text}");
    }
    assert_eq!(server.open_orders().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_gets_the_codes_of_rest() {
    let server = quiet().await;
    let json = "application/json";
    let receipt: Receipt = server.sent("/trade", LIMIT, json).await.read();
    assert_eq!((receipt.orders.len(), receipt.duplicate), (1, false));
    let receipt: Receipt = server.sent("/trade", LIMIT, json).await.read();
    assert!(receipt.duplicate);
    let refused = server
        .sent("/trade", &format!("{LIMIT}&price=0"), json)
        .await;
    assert_eq!(refused.problem(422, "invalid_price")["field"], "price");
    let oco = LIMIT.replace("kind=limit", "kind=oco") + "&stop_price=1&client_order_id=web-2";
    let refused = server.sent("/trade", &oco, json).await;
    assert_eq!(
        refused.problem(422, "would_trigger_immediately")["field"],
        "stop_price"
    );
    let refused = server.sent("/positions", "command=flatten", json).await;
    refused.problem(409, "no_position");
    let paused: Receipt = server.sent("/trade", "command=pause", json).await.read();
    assert_eq!(paused.trading.map(|state| state.as_str()), Some("paused"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_only_looks_sees_no_controls() {
    let server = quiet().await;
    for path in ["/trade", "/positions", "/", "/trade?confirm=kill"] {
        let seen = |answer: &Answer| {
            let (page, _) = answer.text.split_once("id=\"plainsight-boot\"").unwrap();
            page.contains("method=\"post\"") || page.contains("Kill switch")
        };
        assert!(seen(&server.get(path).await), "{path}");
        let looking = server.send(server.unknown("GET", path)).await;
        assert_eq!(looking.status, 200, "{path}");
        assert!(!seen(&looking), "{path}");
    }
}
