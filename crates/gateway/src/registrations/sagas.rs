//! A booking that is cancelled, one whose number is picked up, and a registration that is reported,
//! with trouble at every step.

use super::report::registration_made;
use super::report_tests::{made, state};
use crate::testing::stage::{Around, Scene};
use crate::testing::{Answered, PAYER, SITE};
use axum::http::StatusCode;
use medpay_store::on_both;
use medpay_store::testing::TestDb;
use medpay_store::testing::saga::{Flow, everything_goes_wrong_once};
use std::sync::{Mutex, OnceLock};

/// A form as the browser keeps it: where it goes, and its fields.
type Form = (String, Vec<(&'static str, String)>);

/// One patient's place today, and what becomes of it.
#[derive(Default)]
struct Place {
    picks_up: bool,
    booked: OnceLock<String>,
    ended: OnceLock<()>,
    /// The form that was sent and not understood to be refused: it is sent again.
    form: Mutex<Option<Form>>,
}

fn path(tail: &str) -> String {
    format!("/h/{SITE}{tail}")
}

fn fields(page: &Answered, names: &[&'static str]) -> Vec<(&'static str, String)> {
    names.iter().map(|name| (*name, page.hidden(name))).collect()
}

impl Place {
    /// Sends the form that is kept, or the one of the page at `from`; none if there is none.
    async fn send(
        &self,
        scene: &Scene,
        from: &str,
        to: &str,
        names: &[&'static str],
    ) -> Option<Answered> {
        let kept = self.form.lock().expect("not poisoned").clone();
        let (to, fields) = if let Some(form) = kept {
            form
        } else {
            let page = scene.world.get(from).await;
            // Whoever has done it meanwhile at another place wants nothing more.
            if self.ended.get().is_some() || !page.body.contains("name=\"nonce\"") {
                return None;
            }
            let mut fields = fields(&page, names);
            if to == path("/register/confirm") {
                fields.push(("card", "CARD1".to_owned()));
            }
            (to.to_owned(), fields)
        };
        *self.form.lock().expect("not poisoned") = Some((to.clone(), fields.clone()));
        let pairs: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = scene.world.post(&to, &pairs).await;
        // Only what was not answered is sent again as it is.
        if answer.status != StatusCode::SERVICE_UNAVAILABLE {
            *self.form.lock().expect("not poisoned") = None;
        }
        Some(answer)
    }

    async fn book(&self, scene: &Scene) {
        let from = path("/register/confirm?department=D1&doctor=Z1&schedule=T1");
        let names = ["csrf", "nonce", "department", "doctor", "schedule"];
        let to = path("/register/confirm");
        if let Some(answer) = self.send(scene, &from, &to, &names).await
            && let Some(number) = answer.location().strip_prefix(&path("/registrations/"))
        {
            let _ = self.booked.set(number.to_owned());
        }
    }

    async fn end_it(&self, scene: &Scene, number: &str) {
        let (from, to) = if self.picks_up {
            (path("/pickup"), path("/pickup"))
        } else {
            let cancel = path(&format!("/registrations/{number}/cancel"));
            (cancel.clone(), cancel)
        };
        let names: &[&str] =
            if self.picks_up { &["csrf", "nonce", "booking"] } else { &["csrf", "nonce"] };
        let done = match self.send(scene, &from, &to, names).await {
            Some(answer) => answer.status == StatusCode::SEE_OTHER,
            // The page has nothing left to do: an earlier answer was lost.
            None => !scene.his.bookings().contains("[Booked]"),
        };
        if done {
            let _ = self.ended.set(());
        }
    }
}

impl Flow for Place {
    type Stage = Around<false>;
    const UNDOS: &'static [&'static str] = &["cancel_booking"];

    fn ends(&self) -> Vec<&'static str> {
        vec![if self.picks_up { "[NumberTaken] numbers 1" } else { "[Cancelled] numbers 0" }]
    }

    async fn prepare(&self, scene: &Scene) {
        scene.visit_card(PAYER).await;
        scene.world.login(PAYER).await;
    }

    async fn insist(&self, scene: &Scene) -> bool {
        match self.booked.get() {
            None => self.book(scene).await,
            Some(number) => self.end_it(scene, number).await,
        }
        self.ended.get().is_some()
    }

    async fn end(&self, scene: &Scene) -> String {
        scene.his.bookings()
    }
}

/// One registration that was not paid through us.
struct Report;

impl Flow for Report {
    type Stage = Around<false>;

    fn ends(&self) -> Vec<&'static str> {
        vec!["reported (1, 0)"]
    }

    fn ends_refused(&self) -> Vec<&'static str> {
        vec!["refused (1, 1)"]
    }

    async fn prepare(&self, scene: &Scene) {
        scene.visit_card(PAYER).await;
    }

    async fn insist(&self, scene: &Scene) -> bool {
        registration_made(&scene.world.site, &made("20260601")).await.is_ok()
    }

    async fn end(&self, scene: &Scene) -> String {
        format!("{} {:?}", state(&scene.world).await, scene.platform.reports())
    }
}

on_both!(a_booking_that_is_cancelled_survives_everything, async |db: TestDb| {
    everything_goes_wrong_once(&db, Place::default).await;
});

on_both!(a_booking_whose_number_is_picked_up_survives_everything, async |db: TestDb| {
    everything_goes_wrong_once(&db, || Place { picks_up: true, ..Place::default() }).await;
});

on_both!(the_report_of_a_registration_survives_everything, async |db: TestDb| {
    everything_goes_wrong_once(&db, || Report).await;
});
