//! A browser without a screen: pages over plain HTTP, with cookies and redirects.

use anyhow::{Context as _, bail};
use medpay_client::{HttpTransport, Transport as _};
use medpay_wire::public_account::encode_component;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// How long one page may take, in milliseconds of machine time.
const PAGE_MS: u64 = 60_000;

/// Somebody's browser.
pub(crate) struct PlainBrowser {
    transport: HttpTransport,
    /// By name and path.
    cookies: Mutex<BTreeMap<(String, String), String>>,
}

/// A page as it came.
pub(crate) struct Page {
    /// Where it was found, after every redirect.
    pub(crate) url: String,
    /// Its status.
    pub(crate) status: u16,
    /// Its text.
    pub(crate) body: String,
}

impl Page {
    /// `data-outcome`.
    pub(crate) fn outcome(&self) -> &str {
        self.after("data-outcome=\"").unwrap_or_default()
    }

    /// The value of the first hidden field of this name.
    pub(crate) fn hidden(&self, name: &str) -> anyhow::Result<String> {
        let value = self.after(&format!("name=\"{name}\" value=\""));
        Ok(value.with_context(|| format!("no {name} on {}", self.body))?.to_owned())
    }

    /// What stands behind `mark`, up to the next quote.
    pub(crate) fn after(&self, mark: &str) -> Option<&str> {
        self.body.split_once(mark)?.1.split('"').next()
    }
}

impl PlainBrowser {
    /// The browser on the phone of the sandbox's person of this word.
    pub(crate) fn new(transport: HttpTransport, person_id: &str) -> Self {
        let whose = ("phone_person".to_owned(), "/".to_owned());
        let cookies = BTreeMap::from([(whose, person_id.to_owned())]);
        Self { transport, cookies: Mutex::new(cookies) }
    }

    /// Opens an address.
    pub(crate) async fn open(&self, url: String) -> anyhow::Result<Page> {
        self.follow(None, url, None).await
    }

    /// Posts a form; `foreign` is the site it stands on, if that is another one.
    pub(crate) async fn post(
        &self,
        foreign: Option<&str>,
        url: String,
        fields: &[(&str, String)],
    ) -> anyhow::Result<Page> {
        let pairs = fields
            .iter()
            .map(|(name, value)| format!("{}={}", encode_component(name), encode_component(value)));
        self.follow(foreign, url, Some(pairs.collect::<Vec<_>>().join("&"))).await
    }

    /// Opens `url`, or posts `form` there from a page of `foreign` origin or of its own, and goes
    /// wherever that leads.
    async fn follow(
        &self,
        foreign: Option<&str>,
        url: String,
        form: Option<String>,
    ) -> anyhow::Result<Page> {
        let (mut url, mut form) = (url, form);
        for _ in 0..12 {
            let bare = url.split('#').next().unwrap_or_default().to_owned();
            let uri: http::Uri = bare.parse()?;
            let origin = format!("http://{}", uri.authority().context("no host")?);
            let mut request = http::Request::builder()
                .uri(uri.clone())
                .header("cookie", self.cookies_for(uri.path()));
            if form.is_some() {
                let site = if foreign.is_some() { "cross-site" } else { "same-origin" };
                request = request
                    .method(http::Method::POST)
                    .header("origin", foreign.unwrap_or(&origin))
                    .header("sec-fetch-site", site)
                    .header("content-type", "application/x-www-form-urlencoded");
            }
            let body = form.take().unwrap_or_default();
            let answer = self.transport.send(request.body(body.into())?, PAGE_MS).await?;
            self.keep_cookies(answer.headers());
            let Some(to) = answer.headers().get("location") else {
                let status = answer.status().as_u16();
                let body = String::from_utf8_lossy(answer.body()).into_owned();
                return Ok(Page { url, status, body });
            };
            let to = to.to_str()?;
            url = if to.starts_with('/') { origin + to } else { to.to_owned() };
        }
        bail!("too many redirects: {url}")
    }

    fn cookies_for(&self, path: &str) -> String {
        let cookies = self.cookies.lock().expect("not poisoned");
        let fit = cookies.iter().filter(|((_, at), _)| path.starts_with(at.as_str()));
        fit.map(|((name, _), value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn keep_cookies(&self, headers: &http::HeaderMap) {
        let mut cookies = self.cookies.lock().expect("not poisoned");
        for text in headers.get_all("set-cookie") {
            let mut parts = text.to_str().unwrap_or_default().split("; ");
            let Some((name, value)) = parts.next().and_then(|it| it.split_once('=')) else {
                continue;
            };
            let path = parts.find_map(|part| part.strip_prefix("Path=")).unwrap_or("/");
            cookies.insert((name.to_owned(), path.to_owned()), value.to_owned());
        }
    }
}
