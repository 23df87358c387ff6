//! The sandbox over real sockets, with a platform and a hospital of the tests' own.

mod callbacks;
mod his;
mod pages;
mod parties;
mod phone;

use crate::Sandbox;
use crate::settings::{Account, Settings};
use crate::testing::{account, opened, settings_of};
use axum::Router;
use reqwest::{Client, Response};
use serde_json::Value;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// A sandbox that listens, and whatever else the test lets listen.
struct Town {
    url: String,
    http: Client,
    sandbox: Sandbox,
    _folder: TempDir,
}

/// Serves `router` on a port of its own.
async fn listen(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

async fn town() -> Town {
    town_beside("http://127.0.0.1:9").await
}

/// A sandbox beside the platform at `platform_url`.
async fn town_beside(platform_url: &str) -> Town {
    town_of(platform_url, account()).await
}

/// The same with another account.
async fn town_of(platform_url: &str, account: Account) -> Town {
    town_with(platform_url, account, |_| {}).await
}

/// The same with settings changed.
async fn town_with(
    platform_url: &str,
    account: Account,
    change: impl FnOnce(&mut Settings),
) -> Town {
    let folder = TempDir::new().expect("a folder");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let mut settings = settings_of(folder.path(), &url, platform_url, account);
    change(&mut settings);
    let sandbox = opened(settings);
    let router = sandbox.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let http = sandbox.settings().http.clone();
    Town { url, http, sandbox, _folder: folder }
}

impl Town {
    async fn get(&self, path: &str) -> Response {
        self.http.get(format!("{}{path}", self.url)).send().await.expect("an answer")
    }

    async fn try_post(&self, path: &str, body: &Value) -> reqwest::Result<Response> {
        let request = self.http.post(format!("{}{path}", self.url));
        request.header("content-type", "application/json").body(body.to_string()).send().await
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        json(self.try_post(path, body).await.expect("an answer")).await
    }

    /// A page as the phone of `who` shows it, redirects followed.
    async fn page(&self, who: &str, path: &str) -> String {
        let request = self.http.get(format!("{}{path}", self.url));
        self.land(who, request).await
    }

    /// A form that `who` sends, and the page it leads to.
    async fn tap(&self, who: &str, path: &str, form: &[(&str, &str)]) -> String {
        let request = self.http.post(format!("{}{path}", self.url)).form(form);
        self.land(who, request).await
    }

    async fn land(&self, who: &str, request: reqwest::RequestBuilder) -> String {
        let cookie = format!("a=b; phone_person={who}");
        let mut answer = request.header("cookie", &cookie).send().await.expect("an answer");
        while answer.status().is_redirection() {
            let to = answer.headers().get("location").and_then(|it| it.to_str().ok());
            let to = answer.url().join(to.expect("where")).expect("an address");
            let request = self.http.get(to).header("cookie", &cookie);
            answer = request.send().await.expect("an answer");
        }
        let page = answer.text().await.expect("a page");
        assert!(page.contains("模拟环境") && !page.contains("<script"), "{page}");
        page
    }

    fn parties(&self) -> Arc<crate::sandbox::Parties> {
        self.sandbox.parties()
    }
}

async fn json(answer: Response) -> Value {
    let text = answer.text().await.expect("a body");
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"))
}

fn word<'a>(answer: &'a Value, field: &str) -> &'a str {
    answer.get(field).and_then(Value::as_str).unwrap_or_default()
}
