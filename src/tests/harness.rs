//! The one server of all tests: in this process, or as the program.

use std::fmt::Debug;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use plainsight::auth::{Accounts, Actor, NewToken, NewUser, Password};
use plainsight::domain::{BotId, Health, Portfolio, Role, Scope, Scopes, UserName};
use plainsight::server::clock::wall_time;
use plainsight::server::config::{Config, LimitsConfig};
use plainsight::server::serve::{ServeError, serve};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::answer::Answer;
use crate::market;
use crate::program::{Running, free_address, plainsight, signal, wait};

/// The user that the tests' token is of.
pub const OPERATOR: &str = "operator";
pub const PASSWORD: &str = "correct horse battery";
/// The longest that anything may take. Nothing waits so long unless it is broken.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at something that is waited for.
pub const GLANCE: Duration = Duration::from_millis(20);

/// Where the server runs.
enum Machine {
    Here {
        stop: CancellationToken,
        thread: JoinHandle<Result<(), ServeError>>,
    },
    Program(Running),
}

pub struct TestServer {
    pub addr: SocketAddr,
    pub config: Config,
    /// Set for the program beside the flags: `PLAINSIGHT_SECTION__KEY` and its value.
    environment: Vec<(&'static str, String)>,
    home: Arc<TempDir>,
    machine: Machine,
    http: reqwest::Client,
    stranger: reqwest::Client,
    /// Everything is done with it, unless a test says otherwise.
    pub token: String,
}

/// A server that was stopped, ready to be started again on its data and its port.
pub struct Stopped {
    addr: SocketAddr,
    pub config: Config,
    environment: Vec<(&'static str, String)>,
    home: Arc<TempDir>,
    token: Option<String>,
}

/// A configuration that meets the tests' needs: any port, data that is nobody else's.
fn configuration(home: &TempDir) -> Config {
    let mut config = Config::default();
    config.server.addr = SocketAddr::from(([127, 0, 0, 1], 0));
    // All that a test does comes from one address.
    config.limits = LimitsConfig::roomy();
    config.store.data = home.path().join("data");
    config
}

impl TestServer {
    /// In this process, configured by `change`.
    pub async fn start(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_after(change, async |_, _| {}).await.0
    }

    /// The same, once `before` has done something with the accounts that it will have, and
    /// their directory.
    pub async fn start_after<T>(
        change: impl FnOnce(&mut Config),
        before: impl AsyncFnOnce(&Accounts, &Path) -> T,
    ) -> (Self, T) {
        let home = Arc::new(TempDir::new().unwrap());
        let mut config = configuration(&home);
        change(&mut config);
        let mut stopped = Stopped {
            addr: config.server.addr,
            config,
            environment: Vec::new(),
            home,
            token: None,
        };
        stopped.token().await;
        let (data, now) = (&stopped.config.store.data, wall_time());
        let accounts = Accounts::open(data, &stopped.config.auth, now).await;
        let accounts = accounts.unwrap();
        let made = before(&accounts, data).await;
        accounts.close().await.unwrap();
        (stopped.start().await, made)
    }

    /// The server's accounts from outside, as the command line has them.
    pub async fn accounts(&self) -> Accounts {
        let accounts = Accounts::open(self.data(), &self.config.auth, wall_time()).await;
        accounts.unwrap()
    }

    /// In this process, with a simulated market a hundred times as fast as life.
    pub async fn simulated() -> Self {
        Self::start(|config| "100".clone_into(&mut config.feed.speed)).await
    }

    /// In this process, over recorded data that has come to its end: everything holds still, and
    /// what happens next is up to the test.
    pub async fn still(change: impl FnOnce(&mut Config)) -> Self {
        let server = Self::start(|config| {
            let path = config.store.data.with_file_name("BTCUSDT-aggTrades.csv");
            std::fs::write(&path, market::agg_trades(5_400)).unwrap();
            config.feed.source = format!("replay:{}", path.display());
            "max".clone_into(&mut config.feed.speed);
            change(config);
        })
        .await;
        server.settle().await;
        server
    }

    /// The program itself, by flags and environment, on a port that is free.
    pub async fn program(
        environment: &[(&'static str, &str)],
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let home = Arc::new(TempDir::new().unwrap());
        let mut config = configuration(&home);
        change(&mut config);
        let stopped = Stopped {
            addr: free_address(),
            config,
            environment: environment
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned()))
                .collect(),
            home,
            token: None,
        };
        stopped.start_program().await
    }

    pub fn data(&self) -> &Path {
        &self.config.store.data
    }

    /// Stops it as a signal to terminate would, and waits for its end.
    pub async fn stop(self) -> Stopped {
        match self.machine {
            Machine::Here { stop, thread } => {
                stop.cancel();
                until("it stops", async || thread.is_finished().then_some(())).await;
                thread.join().unwrap().unwrap();
            }
            Machine::Program(mut running) => {
                signal(running.0.id(), "TERM");
                let status = wait(&mut running.0);
                assert!(status.success(), "it ended with {status}");
            }
        }
        Stopped {
            addr: self.addr,
            config: self.config,
            environment: self.environment,
            home: self.home,
            token: Some(self.token),
        }
    }

    /// `kill -9`.
    pub fn kill(self) -> Stopped {
        match self.machine {
            Machine::Program(running) => drop(running),
            Machine::Here { .. } => unreachable!("only the program can be killed"),
        }
        Stopped {
            addr: self.addr,
            config: self.config,
            environment: self.environment,
            home: self.home,
            token: Some(self.token),
        }
    }

    pub async fn restart(self) -> Self {
        self.stop().await.start().await
    }

    /// The program's process id.
    pub fn pid(&self) -> u32 {
        match &self.machine {
            Machine::Program(running) => running.0.id(),
            Machine::Here { .. } => unreachable!("it runs in this process"),
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// Sends a request; one that is not answered in time fails the test.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        self.try_send(request).await.expect("no answer")
    }

    pub async fn try_send(&self, request: reqwest::RequestBuilder) -> reqwest::Result<Answer> {
        let response = request.send().await?;
        Ok(Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await?,
        })
    }

    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method.parse().unwrap(), self.url(path))
    }

    /// A request of somebody who has not said who it is.
    pub fn unknown(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.stranger
            .request(method.parse().unwrap(), self.url(path))
    }

    /// The cookies of a browser in which the operator has signed in, as its header has them.
    pub async fn cookies(&self) -> String {
        let credentials = json!({"username": OPERATOR, "password": PASSWORD});
        let request = self.unknown("POST", "/v1/auth/login").json(&credentials);
        let answer = self.send(request.header("origin", self.url(""))).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let set = answer.headers.get_all("set-cookie").iter();
        let pairs = set.filter_map(|line| line.to_str().unwrap().split(';').next());
        pairs.collect::<Vec<_>>().join("; ")
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path)).await
    }

    /// The body of an answer that must be 200.
    pub async fn read<T: DeserializeOwned>(&self, path: &str) -> T {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.read()
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request("POST", path).json(body)).await
    }

    /// Waits until there is a price of BTCUSDT, so that orders can be filled.
    pub async fn priced(&self) {
        until("there is a price", async || {
            let answer = self.get("/v1/candles?symbol=BTCUSDT").await;
            (answer.status == 200).then_some(())
        })
        .await;
    }

    pub async fn health(&self) -> Health {
        self.read("/health").await
    }

    pub async fn portfolio(&self, bot: &str) -> Portfolio {
        self.read(&format!("/v1/portfolio?bot={bot}")).await
    }

    /// The portfolio as soon as it has taken the input `seq` in.
    pub async fn portfolio_after(&self, bot: &str, seq: u64) -> Portfolio {
        until("the portfolio is as of its newest input", async || {
            let answer = self.get(&format!("/v1/portfolio?bot={bot}")).await;
            (answer.status == 200 && answer.seq() >= seq).then(|| answer.read())
        })
        .await
    }

    /// Reports events of `bot`; all of them must be recorded.
    pub async fn report(&self, bot: &str, events: &[Value]) -> Answer {
        let answer = self
            .post(&format!("/v1/bots/{bot}/events"), &json!(events))
            .await;
        assert_eq!(answer.json()["recorded"], events.len(), "{answer:?}");
        answer
    }

    /// Reports notes `n<from>` to `n<to>` of `bot`: one publication on `agent:<bot>` each.
    pub async fn notes(&self, bot: &str, numbers: std::ops::RangeInclusive<u64>) {
        let notes: Vec<_> = numbers
            .map(|n| json!({"type": "note", "id": format!("n{n}"), "text": format!("note {n}")}))
            .collect();
        self.report(bot, &notes).await;
    }

    /// Waits until a recorded feed is over and every figure is as of its end.
    pub async fn settle(&self) {
        until("the replay has ended and is shown", async || {
            let health = self.health().await;
            let paper = BotId::paper();
            let portfolio = self.get(&format!("/v1/portfolio?bot={paper}")).await;
            let performance = self.get(&format!("/v1/performance?bot={paper}")).await;
            let time = json!(health.feed.market_time);
            let current = [&portfolio, &performance]
                .iter()
                .all(|answer| answer.status == 200 && answer.json()["time"] == time);
            let ended = health.feed.state == plainsight::domain::health::FeedState::Ended;
            (ended && current).then_some(())
        })
        .await;
    }
}

impl Stopped {
    /// A token with every scope, of an operator who is there before the server is.
    async fn token(&mut self) -> String {
        if let Some(token) = &self.token {
            return token.clone();
        }
        let text = operator_token(&self.config).await;
        self.token = Some(text.clone());
        text
    }

    /// Starts it again as it was, in this process.
    pub async fn start(mut self) -> TestServer {
        self.token().await;
        let mut config = self.config.clone();
        config.server.addr = self.addr;
        let stop = CancellationToken::new();
        let (told, address) = tokio::sync::oneshot::channel();
        let token = stop.clone();
        // As in the program: a runtime of its own, that nothing of the test can hold up.
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(serve(config, token, move |ready| {
                told.send(ready.address).unwrap();
            }))
        });
        let address = tokio::time::timeout(PATIENCE, address).await;
        let Ok(addr) = address.expect("it does not start") else {
            panic!("it did not start: {:?}", thread.join().unwrap());
        };
        self.running(addr, Machine::Here { stop, thread }).await
    }

    /// Starts the program.
    pub async fn start_program(mut self) -> TestServer {
        self.token().await;
        let child = self.command().spawn().unwrap();
        let addr = self.addr;
        self.running(addr, Machine::Program(Running(child))).await
    }

    /// Starts the program by a shell that runs `before` first.
    pub async fn start_program_after(mut self, before: &str) -> TestServer {
        self.token().await;
        let program = self.command();
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!("{before}; exec \"$0\" \"$@\""));
        shell.arg(program.get_program()).args(program.get_args());
        for (name, value) in program.get_envs() {
            shell.env(name, value.unwrap_or_default());
        }
        let child = shell.spawn().unwrap();
        let addr = self.addr;
        self.running(addr, Machine::Program(Running(child))).await
    }

    /// Starts the program and kills it, wherever it is by then.
    pub async fn start_and_kill(self, after: Duration) -> Self {
        let running = Running(self.command().spawn().unwrap());
        tokio::time::sleep(after).await;
        drop(running);
        self
    }

    fn command(&self) -> Command {
        let feed = &self.config.feed;
        let mut command = plainsight(["serve", "--addr", &self.addr.to_string(), "--data"]);
        command.arg(&self.config.store.data);
        command.args(["--feed", &feed.source, "--speed", &feed.speed]);
        command.args(["--seed", &feed.seed.to_string()]);
        command.env("PLAINSIGHT_LOG__FILTER", "warn");
        let limits = &self.config.limits;
        for (name, limit) in [
            ("CONNECTIONS_PER_ADDRESS", limits.connections_per_address),
            ("SOCKETS_PER_ADDRESS", limits.sockets_per_address),
            ("SOCKETS_PER_USER", limits.sockets_per_user),
            ("REQUESTS_PER_S", limits.requests_per_s),
            ("REQUEST_BURST", limits.request_burst),
            ("USER_REQUESTS_PER_S", limits.user_requests_per_s),
            ("USER_REQUEST_BURST", limits.user_request_burst),
            ("COMMANDS_PER_S", limits.commands_per_s),
            ("COMMAND_BURST", limits.command_burst),
            ("STRIKES", limits.strikes),
        ] {
            command.env(format!("PLAINSIGHT_LIMITS__{name}"), limit.to_string());
        }
        for (name, value) in &self.environment {
            command.env(name, value);
        }
        command
    }

    async fn running(self, addr: SocketAddr, machine: Machine) -> TestServer {
        // TLS is compiled in and needs to know with whose cryptography, also where it is not used.
        plainsight::feed::binance::install_crypto();
        let token = self.token.clone().unwrap();
        let mut bearer = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
        bearer.set_sensitive(true);
        let client = || {
            reqwest::Client::builder()
                .no_proxy()
                .timeout(PATIENCE)
                // A connection of a server that was killed is of no use to the next one.
                .pool_max_idle_per_host(0)
        };
        let bearer = HeaderMap::from_iter([(AUTHORIZATION, bearer)]);
        let http = client().default_headers(bearer).build().unwrap();
        let no_way = reqwest::redirect::Policy::none();
        let stranger = client().redirect(no_way).build().unwrap();
        let mut server = TestServer {
            addr,
            config: self.config,
            environment: self.environment,
            home: self.home,
            machine,
            http,
            stranger,
            token,
        };
        let deadline = Instant::now() + PATIENCE;
        loop {
            let shown = server
                .try_send(server.request("GET", "/v1/portfolio"))
                .await;
            if shown.is_ok_and(|answer| answer.status == 200) {
                return server;
            }
            if let Machine::Program(running) = &mut server.machine
                && let Some(status) = running.0.try_wait().unwrap()
            {
                panic!("the program ended with {status}");
            }
            assert!(Instant::now() < deadline, "the server does not answer");
            tokio::time::sleep(GLANCE).await;
        }
    }
}

/// Makes the operator in the configuration's data directory, and a token with every scope.
pub async fn operator_token(config: &Config) -> String {
    let (data, now) = (&config.store.data, wall_time());
    let accounts = Accounts::open(data, &config.auth, now).await.unwrap();
    let name: UserName = OPERATOR.parse().unwrap();
    let by = Actor::cli();
    let user = NewUser {
        name: name.clone(),
        role: Role::Operator,
        password: Password::new(PASSWORD.to_owned()),
    };
    accounts.add_user(user, &by, now).await.unwrap();
    let token = NewToken {
        user: name,
        scopes: Scopes::of(Scope::ALL),
        expires: None,
        note: String::new(),
    };
    let made = accounts.create_token(token, &by, now).await.unwrap();
    accounts.close().await.unwrap();
    made.text.expose().to_owned()
}

/// Asks again and again until there is an answer.
pub async fn until<T>(what: impl Debug, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited in vain: {what:?}");
        tokio::time::sleep(GLANCE).await;
    }
}
