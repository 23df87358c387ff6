use super::*;

fn incoming(what: What) -> Incoming {
    Incoming {
        to: "gh_0123456789ab".to_owned(),
        from: Openid::new("oTest01"),
        create_time: 1_529_467_200,
        what,
    }
}

fn events() -> Vec<Event> {
    let scene = || Some("poster-1".to_owned());
    vec![
        Event::Subscribe { scene: None, ticket: None },
        Event::Subscribe { scene: scene(), ticket: Some("T1".to_owned()) },
        Event::Unsubscribe,
        Event::Scan { scene: "123".to_owned(), ticket: Some("T1".to_owned()) },
        Event::Click { key: "BIND".to_owned() },
        Event::View { url: "https://h.example.org/a?b=c&d=e".to_owned() },
        Event::TemplateSendJobFinish { msg_id: 200_163_836, status: "success".to_owned() },
        Event::Other { event: "view_miniprogram".to_owned(), key: Some("pages/a".to_owned()) },
    ]
}

#[test]
fn the_documents_callback_vector_holds() {
    let signature = "899cf89e464efb63f54ddac96b0a0a235f53aa78";
    assert_eq!(callback_signature("AAAAA", "1714037059", "486452656"), signature);
    assert!(is_from_account("AAAAA", "1714037059", "486452656", signature));
    assert!(!is_from_account("AAAAA", "1714037059", "486452657", signature));
    assert!(!is_from_account("AAAAA", "1714037059", "486452656", &signature.to_uppercase()));
}

#[test]
fn what_is_written_is_read_back() {
    let text = What::Text {
        content: "<b>]]>医保</b> & 社保".to_owned(),
        msg_id: 1_234_567_890_123_456,
    };
    let image = What::Other { msg_type: "image".to_owned(), msg_id: Some(7) };
    for what in events().into_iter().map(What::Event).chain([text, image]) {
        let sent = incoming(what);
        assert_eq!(Incoming::read(sent.write().as_bytes()), Ok(sent.clone()), "{sent:?}");
    }
}

#[test]
fn the_documents_own_form_of_an_event_is_read() {
    let body = "<xml>
<ToUserName><![CDATA[gh_1]]></ToUserName>
<FromUserName><![CDATA[oTest01]]></FromUserName>
<CreateTime>123456789</CreateTime>
<MsgType><![CDATA[event]]></MsgType>
<Event><![CDATA[subscribe]]></Event>
<EventKey><![CDATA[qrscene_123123]]></EventKey>
<Ticket><![CDATA[TICKET]]></Ticket>
</xml>";
    let read = Incoming::read(body.as_bytes()).expect("an event");
    let expected =
        Event::Subscribe { scene: Some("123123".to_owned()), ticket: Some("TICKET".to_owned()) };
    assert_eq!(read.what, What::Event(expected));
    assert_eq!(read.kind(), "subscribe");
}

#[test]
fn messages_repeat_by_their_number_and_events_by_person_time_and_event() {
    let text = |content: &str, msg_id| {
        incoming(What::Text { content: content.to_owned(), msg_id }).dedupe_key()
    };
    assert_eq!(text("a", 1), text("b", 1));
    assert_ne!(text("a", 1), text("a", 2));
    let keys: std::collections::BTreeSet<_> =
        events().into_iter().map(|event| incoming(What::Event(event)).dedupe_key()).collect();
    assert_eq!(keys.len(), events().len());
    let event = incoming(What::Event(Event::Unsubscribe));
    assert_eq!(event.dedupe_key(), event.clone().dedupe_key());
    let later = Incoming { create_time: event.create_time + 1, ..event.clone() };
    let other = Incoming { from: Openid::new("oTest02"), ..event.clone() };
    assert_ne!(event.dedupe_key(), later.dedupe_key());
    assert_ne!(event.dedupe_key(), other.dedupe_key());
    assert!(!event.dedupe_key().contains("oTest01"));
}

#[test]
fn nothing_personal_is_in_a_log_line() {
    let text = incoming(What::Text { content: "我叫张三".to_owned(), msg_id: 1 });
    let shown = format!("{text:?} {:?} {:?}", text.what, text.reply("您好张三", 1));
    assert!(!shown.contains("张三") && !shown.contains("oTest01"), "{shown}");
}

#[test]
fn a_body_that_cannot_be_read_is_refused() {
    let body = incoming(What::Event(Event::Click { key: "K".to_owned() })).write();
    let without = |name: &str| {
        let mut fields = Fields::from_xml(body.as_bytes()).expect("a document");
        fields.remove(name);
        Incoming::read(fields.to_xml().as_bytes())
    };
    for name in ["ToUserName", "FromUserName", "CreateTime", "MsgType", "Event", "EventKey"] {
        let fault = CallbackFault::Field(FieldFault::needed(name));
        assert_eq!(without(name), Err(fault), "{name}");
    }
    let nested = "<xml><MsgType>event</MsgType><SendPicsInfo><Count>1</Count></SendPicsInfo></xml>";
    let entity = "<!DOCTYPE a [<!ENTITY b \"c\">]><xml><MsgType>&b;</MsgType></xml>";
    for hostile in [nested, entity, "", "{}", "<xml>"] {
        assert!(matches!(Incoming::read(hostile.as_bytes()), Err(CallbackFault::Xml(_))));
    }
}

#[test]
fn an_answer_is_nothing_or_a_text() {
    let asked = incoming(What::Event(Event::Subscribe { scene: None, ticket: None }));
    let reply = asked.reply("欢迎关注\n<a href=\"https://h.example.org\">绑卡</a>", 1_529_467_201);
    assert_eq!(reply.to, asked.from);
    assert_eq!(Answer::read(reply.write().as_bytes()), Ok(Answer::Text(reply)));
    for nothing in ["", "success", " success\n"] {
        assert_eq!(Answer::read(nothing.as_bytes()), Ok(Answer::Nothing));
    }
    for wrong in ["ok", "<html></html>", "<xml><MsgType>image</MsgType></xml>", "SUCCESS"] {
        assert!(Answer::read(wrong.as_bytes()).is_err(), "{wrong}");
    }
}
