//! Which answers are a word of the HIS, and which leave the outcome open.

use super::*;
use medpay_domain::{Elapsed, Timestamp};
use medpay_wire::his::bills::FindBill;
use medpay_wire::his::bookings::ListDepartments;
use std::sync::Mutex;

const SECRET: &str = "his-test-secret-0123456789abcdef";

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(1_800_000_000_123)
    }

    fn elapsed(&self) -> Elapsed {
        Elapsed(0)
    }
}

/// Answers everything alike, and keeps what it was asked.
struct Line {
    answer: Result<(u16, &'static str), Unanswered>,
    asked: Mutex<Vec<http::Request<Bytes>>>,
}

#[async_trait]
impl Transport for Line {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        _: u64,
    ) -> Result<http::Response<Bytes>, Unanswered> {
        self.asked.lock().expect("no panic before").push(request);
        let (status, body) = self.answer.clone()?;
        Ok(http::Response::builder()
            .status(status)
            .body(Bytes::from_static(body.as_bytes()))
            .expect("a status of the test"))
    }
}

fn his(answer: Result<(u16, &'static str), Unanswered>) -> (HttpHis, Arc<Line>) {
    let line = Arc::new(Line { answer, asked: Mutex::default() });
    let settings = settings::His {
        url: "http://his.test/base/".to_owned(),
        secret: HisSecret::new(SECRET).expect("long enough"),
    };
    (HttpHis::new(Arc::clone(&line) as _, Arc::new(Stopped), &settings, 1000), line)
}

async fn told(status: u16, body: &'static str) -> Result<Result<Vec<u8>, Refusal>, Unanswered> {
    his(Ok((status, body))).0.post("lock_bill", "K-1", b"{}".to_vec()).await
}

/// Found by fuzzing: PostgreSQL holds no U+0000, so what was answered could never be written down.
#[tokio::test]
async fn an_answer_that_cannot_be_stored_leaves_the_outcome_open() {
    let answer = r#"{"departments":[{"department_id":"D1","name":"\u0000"}]}"#;
    let (his, _) = his(Ok((200, answer)));
    let his: &dyn His = &his;
    let told = his.ask(&ListDepartments {}).await;
    assert!(matches!(told, Err(Unanswered::Unknown(_))), "{told:?}");
}

#[tokio::test]
async fn a_call_carries_time_key_and_signature_of_what_is_sent() {
    let (his, line) = his(Ok((200, "{}")));
    his.post("lock_bill", "K-1", br#"{"bill_no":"B1"}"#.to_vec())
        .await
        .expect("an answer")
        .expect("yes");
    let asked = line.asked.lock().expect("no panic before");
    let request = asked.first().expect("one request");
    assert_eq!(request.uri(), "http://his.test/base/v1/lock_bill");
    let header = |name| request.headers().get(name).and_then(|it| it.to_str().ok()).unwrap_or("");
    assert_eq!(header(TIME_HEADER), "1800000000");
    assert_eq!(header(KEY_HEADER), "K-1");
    let signed = Signed {
        method: "POST",
        path: "/base/v1/lock_bill",
        time: "1800000000",
        key: "K-1",
        body: request.body(),
    };
    let secret = HisSecret::new(SECRET).expect("long enough");
    assert_eq!(signed.check(header(SIGNATURE_HEADER), &secret, Stopped.now()), Ok(()));
}

#[tokio::test]
async fn a_question_has_no_key() {
    let (his, line) = his(Ok((200, "{}")));
    his.post("find_bill", "", b"{}".to_vec()).await.expect("an answer").expect("yes");
    let asked = line.asked.lock().expect("no panic before");
    assert!(asked.iter().all(|request| !request.headers().contains_key(KEY_HEADER)));
}

#[tokio::test]
async fn a_conflict_or_an_unknown_thing_is_the_his_word() {
    let conflict = told(409, r#"{"code":"paid_already","message":"已缴费"}"#).await;
    assert_eq!(conflict.map(|it| it.map_err(|no| no.code)), Ok(Err(RefusalCode::PaidAlready)));
    let newer = told(409, r#"{"code":"from_version_two"}"#).await;
    assert_eq!(newer.map(|it| it.map_err(|no| no.code)), Ok(Err(RefusalCode::Unknown)));
    let absent = told(404, r#"{"code":"not_found"}"#).await;
    assert_eq!(absent.map(|it| it.map_err(|no| no.code)), Ok(Err(RefusalCode::NotFound)));
}

#[tokio::test]
async fn a_call_that_was_not_understood_or_not_signed_did_nothing() {
    for (status, body) in [
        (400, r#"{"code":"bad_request","message":"bill_no: missing"}"#),
        (401, r#"{"code":"not_signed"}"#),
    ] {
        let told = told(status, body).await;
        assert!(matches!(told, Err(Unanswered::NotSent(_))), "{status}: {told:?}");
    }
}

#[tokio::test]
async fn any_other_answer_leaves_the_outcome_open() {
    for (status, body) in [
        (404, "<html>no such page</html>"),
        (404, r#"{"code":"paid_already"}"#),
        (409, r#"{"code":"not_found"}"#),
        (409, ""),
        (400, "Bad Request"),
        (401, "{}"),
        (204, ""),
        (302, ""),
        (500, r#"{"code":"refused"}"#),
        (502, ""),
    ] {
        let told = told(status, body).await;
        assert!(matches!(told, Err(Unanswered::Unknown(_))), "{status} {body}: {told:?}");
    }
}

#[tokio::test]
async fn silence_stays_what_it_was() {
    for silence in
        [Unanswered::NotSent("refused".to_owned()), Unanswered::Unknown("late".to_owned())]
    {
        let (his, _) = his(Err(silence.clone()));
        assert_eq!(his.post("lock_bill", "K", b"{}".to_vec()).await, Err(silence));
    }
}

#[tokio::test]
async fn an_answer_that_is_not_the_contracts_leaves_the_outcome_open() {
    let (his, _) = his(Ok((200, r#"{"patient":"somebody's name"}"#)));
    let ask = FindBill { bill_no: medpay_domain::BillNo::new("B1") };
    let told = (&his as &dyn His).ask(&ask).await;
    let Err(Unanswered::Unknown(text)) = told else { panic!("{told:?}") };
    assert!(!text.contains("somebody"), "{text}");
}

#[test]
fn of_a_refusals_words_only_a_members_name_is_logged() {
    assert_eq!(first_name("bill.items[2].amount_fen: invalid type"), "bill.items[2].amount_fen");
    assert_eq!(first_name("张三 is no name"), "");
}
