//! Decisions by filter and by page, one of them with all that belongs to it, and their pages as they read
//! without a script: over a journal with a few thousand of them.

use std::collections::BTreeSet;

use plainsight::domain::{
    Action, AgentPhase, Decision, DecisionDetail, Models, OrderHistory, Outcome,
};
use serde_json::json;

use crate::answer::Answer;
use crate::harness::TestServer;

/// A decision each second for an hour and a half.
async fn server() -> TestServer {
    TestServer::still(|config| config.agent.decide_every_s = 1).await
}

/// Follows `Plainsight-Next-Before` to the end.
async fn all(server: &TestServer, filter: &str, limit: u32) -> Vec<Decision> {
    let mut rows: Vec<Decision> = Vec::new();
    let mut before = String::new();
    loop {
        let path = format!("/v1/decisions?limit={limit}&states=newest{filter}{before}");
        let answer: Answer = server.get(&path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        let page: Vec<Decision> = answer.read();
        assert!(page.len() <= limit as usize, "{path}");
        rows.extend(page);
        let Some(next) = answer.header("plainsight-next-before") else {
            return rows;
        };
        let link = answer.header("link").unwrap();
        assert!(
            link.contains(filter) && link.contains(&format!("before={next}>")),
            "{link}"
        );
        before = format!("&before={next}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_choose_and_pages_cover_everything_once() {
    let server = server().await;
    let whole = all(&server, "", 500).await;
    assert!(whole.len() > 2_000, "{}", whole.len());
    let ids: BTreeSet<_> = whole.iter().map(|row| &row.id).collect();
    assert_eq!(ids.len(), whole.len(), "each once");
    assert!(whole.is_sorted_by(|newer, older| newer.made_at >= older.made_at));
    for outcome in [Outcome::Pending, Outcome::Correct, Outcome::Incorrect] {
        assert!(
            whole.iter().any(|row| row.outcome == outcome),
            "{outcome:?}"
        );
    }

    type Fits = fn(&Decision) -> bool;
    let filters: [(&str, Fits); 7] = [
        ("&outcome=pending", |row| row.outcome == Outcome::Pending),
        ("&horizon=5m&outcome=incorrect", |row| {
            row.outcome == Outcome::Incorrect && row.horizon.to_string() == "5m"
        }),
        ("&symbol=BTCUSDT", |_| true),
        ("&min_confidence=0.55", |row| row.confidence >= 0.55),
        (
            "&outcome=correct&min_confidence=0.52&max_confidence=0.6",
            |row| (0.52..=0.6).contains(&row.confidence) && row.outcome == Outcome::Correct,
        ),
        ("&outcome=unresolvable", |row| {
            row.outcome == Outcome::Unresolvable
        }),
        ("&symbol=DOGEUSDT", |_| false),
    ];
    for (filter, fits) in filters {
        let expected: Vec<_> = whole.iter().filter(|row| fits(row)).cloned().collect();
        let limit = if filter.contains("outcome=correct") {
            37
        } else {
            500
        };
        let found = all(&server, filter, limit).await;
        assert!(
            found == expected,
            "{filter}: {} of {}",
            found.len(),
            expected.len()
        );
    }
    let model = &whole[0].model;
    let of_model = all(&server, &format!("&model={model}&symbol=BTCUSDT"), 500).await;
    assert!(
        of_model
            .iter()
            .eq(whole.iter().filter(|row| row.model == *model))
    );
    let odd: Vec<Decision> = server
        .read("/v1/decisions?horizon=300s&model=&limit=3")
        .await;
    assert!(odd.len() == 3 && odd.iter().all(|row| row.horizon.to_string() == "5m"));

    // All of it is there after a restart, too.
    let server = server.restart().await;
    server.settle().await;
    assert!(all(&server, "", 499).await == whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_decision_comes_with_all_that_belongs_to_it() {
    use AgentPhase::{Act, Decide, Observe, Orient};
    let server = server().await;
    let ordered = all(&server, "", 500)
        .await
        .into_iter()
        .filter(|row| matches!(row.action, Action::Orders(_)));
    let mut filled = 0;
    for decision in ordered.take(20) {
        let path = format!("/v1/decisions/{}", decision.id);
        let answer = server.get(&path).await;
        assert_eq!(answer.seq(), server.health().await.seq.0);
        let detail: DecisionDetail = answer.read();
        let Action::Orders(ids) = &decision.action else {
            unreachable!()
        };
        assert_eq!(detail.decision, decision);
        for order in &detail.orders {
            let known: OrderHistory = server.read(&format!("/v1/orders/{}", order.id)).await;
            assert_eq!(*order, known.order, "in its newest state");
            assert!(ids.contains(&order.id) && order.decision.as_ref() == Some(&decision.id));
            let own = detail
                .fills
                .iter()
                .filter(|fill| fill.order.as_ref() == Some(&order.id));
            assert!(own.eq(&known.fills));
        }
        assert_eq!(detail.orders.len(), ids.len());
        filled += detail.fills.len();
        let ways: Vec<_> = detail.steps.iter().map(|step| step.to).collect();
        let loop_of = [Orient, Decide, Act, Observe];
        assert_eq!(ways, loop_of, "{:?}", detail.steps);
        assert!(detail.steps.iter().all(|step| step.took_us > Some(0.0)));
        assert!(
            detail
                .steps
                .iter()
                .all(|step| step.time == decision.made_at)
        );
        assert_eq!(detail.steps[0].from, Observe);
    }
    assert!(filled > 3, "{filled}");
    let answer = server.get("/v1/decisions/dec-0-0").await;
    let problem = answer.problem(404, "unknown_decision");
    assert_eq!(problem["field"], "id");
    for path in ["/v1/decisions/dec-0-0?bot=nobody", "/v1/decisions/a%20b"] {
        server.get(path).await.problem(404, "unknown_decision");
    }
    let models: Models = server.read("/v1/models").await;
    assert_eq!(models.bot.as_str(), "paper");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outside_bots_decision_is_found_by_its_own_name() {
    let server = TestServer::still(|_| ()).await;
    let decision = |id: &str| {
        json!({"type": "decision", "id": id, "model": "mine/v2", "symbol": "BTCUSDT",
               "direction": "up", "confidence": 0.6, "horizon": "5m"})
    };
    let fill = json!({"type": "fill", "id": "f1", "symbol": "BTCUSDT", "side": "buy",
                      "quantity": "0.1", "price": "42000", "decision": "a/b?c"});
    server
        .report("mine", &[decision("a/b?c"), decision("dec-1-1"), fill])
        .await;
    let detail: DecisionDetail = server.read("/v1/decisions/a%2Fb%3Fc?bot=mine").await;
    assert_eq!(detail.decision.id.as_str(), "a/b?c");
    assert_eq!((detail.fills.len(), detail.steps.len()), (1, 0));
    let page = server.get("/decisions/a%2Fb%3Fc?bot=mine").await;
    assert!(page.text.contains("The model told no inputs.") && page.text.contains("mine/v2"));
    let older = server
        .get("/v1/decisions?bot=mine&states=newest&before=dec-1-1")
        .await;
    assert_eq!(older.read::<Vec<Decision>>()[0].id.as_str(), "a/b?c");
    let first = server
        .get("/v1/decisions?bot=mine&states=newest&limit=1")
        .await;
    assert_eq!(first.header("plainsight-next-before"), Some("dec-1-1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_names_its_field() {
    let server = TestServer::still(|_| ()).await;
    for (query, field) in [
        ("symbol=btc", "symbol"),
        ("model=a%20b", "model"),
        ("horizon=5", "horizon"),
        ("outcome=won", "outcome"),
        ("min_confidence=55", "min_confidence"),
        ("max_confidence=NaN", "max_confidence"),
        ("limit=0", "limit"),
        ("states=newest&before=dec-0-0", "before"),
        ("states=all&outcome=correct", "states"),
        ("before=dec-1-1", "offset"),
    ] {
        let answer = server.get(&format!("/v1/decisions?{query}")).await;
        let code = match field {
            "limit" => "invalid_limit",
            "before" => "invalid_before",
            _ => "invalid_query",
        };
        let field = if field == "offset" { "before" } else { field };
        assert_eq!(answer.problem(400, code)["field"], field, "{query}");
    }
    let unknown = server.get("/v1/decisions?confidence=1").await;
    unknown.problem(400, "invalid_query");
    // A page says it beside its form, and shows what there is.
    let page = server.get("/decisions?min_confidence=55").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("min_confidence must be from 0 to 1"));
    assert!(page.text.contains("class=\"decision\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_read_without_a_script() {
    let server = server().await;
    let filter = "&outcome=correct&min_confidence=0.52";
    let right = all(&server, filter, 500).await;
    let page = server.get(&format!("/decisions?bot=paper{filter}")).await;
    let shown = |page: &Answer| -> Vec<String> {
        let parts = page.text.split("data-id=\"dec-").skip(1);
        parts
            .map(|part| format!("dec-{}", part.split('"').next().unwrap()))
            .collect()
    };
    let ids: Vec<_> = right.iter().map(|row| row.id.to_string()).collect();
    assert_eq!(shown(&page), ids[..60]);
    assert!(
        page.text.contains("option value=\"correct\" selected"),
        "the form says what was chosen"
    );
    let older = format!("/decisions?bot=paper{filter}&amp;before={}", ids[59])
        .replace("&", "&amp;")
        .replace("&amp;amp;", "&amp;");
    assert!(page.text.contains(&older), "{older}");
    let next = server.get(&older.replace("&amp;", "&")).await;
    assert_eq!(shown(&next), ids[60..120.min(ids.len())]);
    assert!(next.text.contains("Newest"));

    let decision = &right[0];
    let page = server.get(&format!("/decisions/{}", decision.id)).await;
    for words in [
        "Correct: judged by the last print".to_owned(),
        "candles of 1m, UTC".to_owned(),
        "observe → orient".to_owned(),
        "Checked in the browser, as soon as its script runs".to_owned(),
        decision.features[0].name.clone(),
        format!("data-value=\"{}\"", decision.features[0].contribution),
    ] {
        assert!(page.text.contains(&words), "{words}");
    }
    let missing = server.get("/decisions/dec-0-0").await;
    assert_eq!(missing.status, 200, "a page that says so");
    assert!(missing.text.contains("there is no decision dec-0-0"));

    let models = server.get("/models").await;
    assert!(models.text.contains("Leaderboard") && models.text.contains("Value at risk"));
    let part = server.get("/parts/models?model=x").await.json();
    assert!(part["html"].as_str().unwrap().contains("Leaderboard"));
    server
        .get("/parts/models?model=a%20b")
        .await
        .problem(400, "invalid_query");
}
