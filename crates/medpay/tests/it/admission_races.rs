//! Who is let in, in orders that a seeded scheduler chooses: never more at work than there are
//! places, nobody forgotten in the line, and every place free again.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse as _;
use axum::routing::get;
use medpay::admission::{Admission, admit};
use medpay::config;
use shuttle::future::{block_on, spawn, yield_now};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tower::ServiceExt as _;

/// How many orders each test tries.
const ORDERS: usize = 2_000;
/// How many may be at work, and how many may wait for them.
const AT_ONCE: usize = 2;
const WAITING: usize = 2;

/// How many are at work, and how many were at most.
#[derive(Default)]
struct Work {
    now: AtomicUsize,
    most: AtomicUsize,
}

struct Begun(Arc<Work>);

impl Begun {
    fn on(work: &Arc<Work>) -> Self {
        let now = work.now.fetch_add(1, Ordering::SeqCst) + 1;
        work.most.fetch_max(now, Ordering::SeqCst);
        Self(work.clone())
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A service with one page that takes its time.
fn service(work: &Arc<Work>) -> Router {
    let limits = config::Admission { at_once: AT_ONCE, waiting: WAITING, wait_ms: 60_000 };
    let busy = Arc::new(|_: &str| StatusCode::SERVICE_UNAVAILABLE.into_response());
    let admission = Arc::new(Admission::new(limits, busy));
    let work = work.clone();
    let page = move || {
        let work = work.clone();
        async move {
            let _begun = Begun::on(&work);
            yield_now().await;
            yield_now().await;
        }
    };
    Router::new().route("/", get(page)).layer(from_fn_with_state(admission, admit))
}

async fn ask(service: Router) -> StatusCode {
    let request = Request::get("/").body(Body::empty()).expect("a request");
    let Ok(answer) = service.oneshot(request).await;
    answer.status()
}

/// Nobody's time runs out in these tests: the timer only has to be there.
fn with_a_timer(scene: impl Fn() + Send + Sync + 'static) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("a runtime");
    let _entered = runtime.enter();
    shuttle::check_random(scene, ORDERS);
}

#[test]
fn as_many_as_fit_are_let_in_and_the_rest_is_told_at_once() {
    let (most, refused) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (seen, told) = (most.clone(), refused.clone());
    with_a_timer(move || {
        let work = Arc::new(Work::default());
        let service = service(&work);
        let asking: Vec<_> = (0..6).map(|_| spawn(ask(service.clone()))).collect();
        let answers: Vec<_> =
            asking.into_iter().map(|one| block_on(one).expect("nobody is forgotten")).collect();
        let served = answers.iter().filter(|status| **status == StatusCode::OK).count();
        assert!(served >= AT_ONCE + WAITING, "{answers:?}");
        assert!(work.most.load(Ordering::SeqCst) <= AT_ONCE);
        seen.fetch_max(work.most.load(Ordering::SeqCst), Ordering::SeqCst);
        told.fetch_add(answers.len() - served, Ordering::SeqCst);
        // Every place is free again.
        let after: Vec<_> = (0..AT_ONCE + WAITING).map(|_| spawn(ask(service.clone()))).collect();
        for one in after {
            assert_eq!(block_on(one).expect("nobody is forgotten"), StatusCode::OK);
        }
    });
    assert_eq!(most.load(Ordering::SeqCst), AT_ONCE, "all places were used at some time");
    assert!(refused.load(Ordering::SeqCst) > 0, "somebody was refused at some time");
}

#[test]
fn whoever_goes_away_leaves_the_place_to_the_next() {
    with_a_timer(|| {
        let work = Arc::new(Work::default());
        let service = service(&work);
        let leaving: Vec<_> = (0..3).map(|_| spawn(ask(service.clone()))).collect();
        let staying = spawn(ask(service.clone()));
        for one in &leaving {
            one.abort();
        }
        assert_eq!(block_on(staying).expect("nobody is forgotten"), StatusCode::OK);
        for one in leaving {
            let _ = block_on(one);
        }
        assert_eq!(work.now.load(Ordering::SeqCst), 0);
        let after: Vec<_> = (0..AT_ONCE + WAITING).map(|_| spawn(ask(service.clone()))).collect();
        for one in after {
            assert_eq!(block_on(one).expect("nobody is forgotten"), StatusCode::OK);
        }
    });
}
