//! A browser as small as it can be: cookies by origin, redirects, forms.

use super::forms::{Form, Page};
use super::{PHONE_PERSON, PhoneFault};
use crate::settings::Settings;
use reqwest::{Response, Url, header};
use std::collections::BTreeMap;
use std::time::Duration;

/// How many redirects in a row are followed.
const REDIRECTS: usize = 10;
/// How long one page may take.
const PAGE_TIMEOUT: Duration = Duration::from_secs(20);

pub(super) struct Browser<'a> {
    http: &'a reqwest::Client,
    /// Cookies by origin and name. Pages of one service share an origin.
    cookies: BTreeMap<String, BTreeMap<String, String>>,
    /// The origins whose pages are opened; whatever leads elsewhere is where the person goes next.
    ours: Vec<String>,
}

/// Where a request ended.
pub(super) enum Landed {
    /// On a page at this address.
    On(Url, Page),
    /// At a redirect to somebody else's address.
    Left(Url),
}

impl<'a> Browser<'a> {
    pub(super) fn new(settings: &'a Settings, person: &str) -> Self {
        let addresses = [&settings.public_url, &settings.platform_url];
        let ours = addresses.into_iter().filter_map(|url| Some(origin(&url.parse().ok()?)));
        let mut browser =
            Self { http: &settings.http, cookies: BTreeMap::new(), ours: ours.collect() };
        if let Ok(sandbox) = settings.public_url.parse() {
            let phone = browser.cookies.entry(origin(&sandbox)).or_default();
            phone.insert(PHONE_PERSON.to_owned(), person.to_owned());
        }
        browser
    }

    /// Opens a link that the person was given.
    pub(super) async fn open(&mut self, link: &str) -> Result<Landed, PhoneFault> {
        let url: Url = link.trim().parse().map_err(|_| PhoneFault::Url)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(PhoneFault::Url);
        }
        let origin = origin(&url);
        if !self.ours.contains(&origin) {
            self.ours.push(origin);
        }
        self.follow(url, None).await
    }

    /// Posts a form of the page at `url`, or opens its address if it is a GET form.
    pub(super) async fn submit(
        &mut self,
        url: &Url,
        form: &Form,
        values: &[(String, String)],
    ) -> Result<Landed, PhoneFault> {
        let mut target = url.join(&form.action).map_err(|_| PhoneFault::Url)?;
        target.set_fragment(None);
        if form.posts {
            return self.follow(target, Some(values)).await;
        }
        target.query_pairs_mut().clear().extend_pairs(values);
        self.follow(target, None).await
    }

    async fn follow(
        &mut self,
        mut url: Url,
        mut form: Option<&[(String, String)]>,
    ) -> Result<Landed, PhoneFault> {
        for _ in 0..=REDIRECTS {
            let answer = self.request(&url, form.take()).await?;
            self.keep_cookies(&url, &answer);
            if let Some(target) = redirect(&url, &answer) {
                if !self.ours.contains(&origin(&target)) {
                    return Ok(Landed::Left(target));
                }
                url = target;
                continue;
            }
            let text = answer.text().await.map_err(PhoneFault::Unanswered)?;
            return Ok(Landed::On(url, Page::read(&text)));
        }
        Err(PhoneFault::Redirects)
    }

    async fn request(
        &self,
        url: &Url,
        form: Option<&[(String, String)]>,
    ) -> Result<Response, PhoneFault> {
        let request = match form {
            Some(form) => self.http.post(url.clone()).form(form),
            None => self.http.get(url.clone()),
        };
        let cookies = self.cookies.get(&origin(url)).into_iter().flatten();
        let cookies: Vec<_> = cookies.map(|(name, value)| format!("{name}={value}")).collect();
        let request = if cookies.is_empty() {
            request
        } else {
            request.header(header::COOKIE, cookies.join("; "))
        };
        let request = match form {
            // A form's own page is where it comes from.
            Some(_) => request.header(header::ORIGIN, origin(url)),
            None => request,
        };
        request.timeout(PAGE_TIMEOUT).send().await.map_err(PhoneFault::Unanswered)
    }

    fn keep_cookies(&mut self, url: &Url, answer: &Response) {
        let jar = self.cookies.entry(origin(url)).or_default();
        for line in answer.headers().get_all(header::SET_COOKIE) {
            let Ok(line) = line.to_str() else { continue };
            let mut parts = line.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            if parts.any(|part| part.eq_ignore_ascii_case("max-age=0")) {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

fn redirect(url: &Url, answer: &Response) -> Option<Url> {
    if !answer.status().is_redirection() {
        return None;
    }
    url.join(answer.headers().get(header::LOCATION)?.to_str().ok()?).ok()
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}
