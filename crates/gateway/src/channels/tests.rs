use super::{Brought, Channel, report};
use crate::testing::World;
use medpay_domain::Day;
use medpay_store::on_both;
use medpay_store::testing::TestDb;

on_both!(a_visit_counts_at_its_beginning_and_when_the_channel_changes, async |db: TestDb| {
    let world = World::new(&db).await;
    world.login("oTest0001").await;
    for path in ["", "?from=direct", "?from=menu", "/help?from=menu", "/help", "?from=poster:2f"] {
        world.get(&world.site.path(path)).await;
    }
    // What is no channel is ignored.
    for path in ["?from=", "?from=%3Cscript%3E", "?from=a&from=b", "?from=a%20b"] {
        world.get(&world.site.path(path)).await;
    }
    world.login("oTest0002").await;
    world.clock.advance_seconds(86_400);
    world.login("oTest0002").await;
    let day = |text| Day::from_wire(text).expect("a day");
    let report = report(&world.site, day("20260601"), day("20260602")).await.expect("a report");
    let lines = report.lines.iter().map(|line| {
        assert_eq!(line.brought, Brought { visits: line.brought.visits, ..Brought::default() });
        (line.day.wire(), line.channel.as_str(), line.brought.visits)
    });
    let expected = [
        ("20260601".to_owned(), "direct", 2),
        ("20260601".to_owned(), "menu", 1),
        ("20260601".to_owned(), "poster:2f", 1),
        ("20260602".to_owned(), "direct", 1),
    ];
    assert_eq!(lines.collect::<Vec<_>>(), expected);
    let json = serde_json::to_value(&report).expect("JSON");
    assert_eq!(json["lines"][0]["day"], "20260601");
    assert_eq!(json["lines"][0]["visits"], 2);
});

#[test]
fn a_channel_is_a_short_word() {
    assert!(Channel::parse("poster:2f-hall").is_some());
    for wrong in ["", "a b", "a<b", "a\nb", &"a".repeat(65)] {
        assert!(Channel::parse(wrong).is_none(), "{wrong}");
    }
}
