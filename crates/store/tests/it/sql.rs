//! One text, the same meaning on both engines.

use crate::{SCHEMA, counts, exec, one};
use medpay_domain::{Day, Elapsed, Fen, MedTransId, Openid, Timestamp};
use medpay_store::testing::TestDb;
use medpay_store::{StoreError, args, on_both};

on_both!(parameters_are_bound_by_their_number, async |db: TestDb| {
    let store = db.open(SCHEMA).await;
    let text = |row: medpay_store::Row| row.get::<String>(0).expect("a text");
    let reversed = "SELECT CAST($2 AS TEXT) || '-' || CAST($1 AS TEXT)";
    assert_eq!(text(one(&store, reversed, args!["a", "b"]).await.expect("a row")), "b-a");
    let repeated = "SELECT CAST($3 AS TEXT) || $1 || $3 || CAST($2 AS TEXT) || $3
                    FROM (SELECT CAST($1 AS TEXT) AS first) AS x";
    assert_eq!(text(one(&store, repeated, args!["a", "b", "c"]).await.expect("a row")), "cacbc");
});

on_both!(more_than_nine_parameters_keep_their_places, async |db: TestDb| {
    let store = db.open(SCHEMA).await;
    let sql = "SELECT CAST($11 AS TEXT) || $1 || $10 || CAST($2 AS TEXT) || $3 || $4 || $5 || $6
                 || $7 || $8 || $9 FROM (SELECT CAST($1 AS TEXT) AS x, CAST($10 AS TEXT) AS y,
                 CAST($3 AS TEXT) AS a, CAST($4 AS TEXT) AS b, CAST($5 AS TEXT) AS c,
                 CAST($6 AS TEXT) AS d, CAST($7 AS TEXT) AS e, CAST($8 AS TEXT) AS f,
                 CAST($9 AS TEXT) AS g) AS t";
    let args = args!["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"];
    let row = one(&store, sql, args).await.expect("a row");
    assert_eq!(row.get::<String>(0).expect("a text"), "kajbcdefghi");
});

on_both!(too_few_and_too_many_arguments_are_refused, async |db: TestDb| {
    let store = db.open(SCHEMA).await;
    let sql = "INSERT INTO orders (number, fen) VALUES ($1, $2)";
    for args in [args![], args!["a"], args!["a", 1_i64, 2_i64]] {
        let refused = exec(&store, sql, args).await;
        assert!(matches!(refused, Err(StoreError::Misuse(_))), "{refused:?}");
    }
    assert_eq!(counts(&store).await, (0, 0));
});

on_both!(a_text_with_nul_is_refused, async |db: TestDb| {
    let store = db.open(SCHEMA).await;
    let sql = "INSERT INTO orders (number, fen) VALUES ($1, $2)";
    let refused = exec(&store, sql, args!["a\0b", 1_i64]).await;
    assert!(matches!(refused, Err(StoreError::Misuse(_))), "{refused:?}");
    assert_eq!(counts(&store).await, (0, 0));
});

on_both!(what_is_written_is_read_back, async |db: TestDb| {
    let store = db.open(SCHEMA).await;
    let create = "CREATE TABLE kinds (a BIGINT, b BIGINT, c BIGINT, d BIGINT, e BIGINT, f TEXT,
                  g TEXT, h TEXT, i TEXT, j TEXT, k BIGINT)";
    exec(&store, create, args![]).await.expect("a table");
    let day = Day::from_wire("20180620").expect("a day");
    let fen = Fen::new(905).expect("an amount");
    let none: Option<Fen> = None;
    let row = one(
        &store,
        "INSERT INTO kinds (a, b, c, d, e, f, g, h, i, j, k)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         RETURNING a, b, c, d, e, f, g, h, i, j, k",
        args![
            i64::MIN,
            u32::MAX,
            true,
            fen,
            Timestamp::from_ms(1_529_424_000_000),
            "中文",
            String::new(),
            day,
            MedTransId::new("M1"),
            Some(Openid::new("oTest0001")),
            none
        ],
    )
    .await
    .expect("a row");
    assert_eq!(row.get::<i64>(0), Ok(i64::MIN));
    assert_eq!(row.get::<u32>(1), Ok(u32::MAX));
    assert_eq!(row.get::<bool>(2), Ok(true));
    assert_eq!(row.get::<Fen>(3), Ok(fen));
    assert_eq!(row.get::<Timestamp>(4), Ok(day.start()));
    assert_eq!(row.get::<Elapsed>(4), Ok(Elapsed(1_529_424_000_000)));
    assert_eq!(row.get::<String>(5).as_deref(), Ok("中文"));
    assert_eq!(row.get::<Option<String>>(6), Ok(Some(String::new())));
    assert_eq!(row.get::<Day>(7), Ok(day));
    assert_eq!(row.get::<MedTransId>(8), Ok(MedTransId::new("M1")));
    assert_eq!(row.get::<Option<Openid>>(9), Ok(Some(Openid::new("oTest0001"))));
    assert_eq!(row.get::<Option<Fen>>(10), Ok(None));
    let wrong = |wanted, found| Err(StoreError::Column { index: 10, wanted, found });
    assert_eq!(row.get::<Fen>(10), wrong("an integer of its range", "NULL"));
    assert!(matches!(row.get::<i64>(11), Err(StoreError::Misuse(_))));
});

on_both!(bytes_are_read_back, async |db: TestDb| {
    let store = db.open(SCHEMA).await;
    let sql = "INSERT INTO orders (number, fen, picture) VALUES ($1, $2, $3) RETURNING picture";
    let bytes = vec![0_u8, 1, 255];
    let row = one(&store, sql, args!["a", 1_i64, bytes]).await.expect("a row");
    assert_eq!(row.get::<Vec<u8>>(0), Ok(bytes));
});

on_both!(small_numbers_and_truth_values_are_integers, async |db: TestDb| {
    let store = db.open(SCHEMA).await;
    let row = one(&store, "SELECT 1, EXISTS (SELECT 1 FROM orders), 2 > 1", args![]).await;
    let row = row.expect("a row");
    assert_eq!(
        (row.get::<i64>(0), row.get::<bool>(1), row.get::<i64>(2)),
        (Ok(1), Ok(false), Ok(1))
    );
});

on_both!(a_sum_is_read_through_a_cast, async |db: TestDb| {
    let store = db.open(SCHEMA).await;
    let sql = "SELECT CAST(SUM(fen) AS BIGINT) FROM orders";
    assert_eq!(one(&store, sql, args![]).await.expect("a row").get::<Option<i64>>(0), Ok(None));
    for (number, fen) in [("a", 905_i64), ("b", 95)] {
        let insert = "INSERT INTO orders (number, fen) VALUES ($1, $2)";
        exec(&store, insert, args![number, fen]).await.expect("written");
    }
    assert_eq!(one(&store, sql, args![]).await.expect("a row").get::<i64>(0), Ok(1000));
});

on_both!(a_fraction_is_never_read, async |db: TestDb| {
    let store = db.open(SCHEMA).await;
    assert!(one(&store, "SELECT 1.5", args![]).await.is_err());
});

on_both!(a_row_that_is_there_is_left_alone, async |db: TestDb| {
    let store = db.open(SCHEMA).await;
    let insert = "INSERT INTO orders (number, fen) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    assert_eq!(exec(&store, insert, args!["a", 1_i64]).await, Ok(1));
    assert_eq!(exec(&store, insert, args!["a", 2_i64]).await, Ok(0));
    let upsert = "INSERT INTO orders (number, fen) VALUES ($1, $2)
                  ON CONFLICT (number) DO UPDATE SET fen = orders.fen + excluded.fen RETURNING fen";
    let row = one(&store, upsert, args!["a", 2_i64]).await.expect("a row");
    assert_eq!(row.get::<i64>(0), Ok(3));
});

on_both!(a_unique_key_taken_is_a_conflict, async |db: TestDb| {
    let store = db.open(SCHEMA).await;
    crate::write_order(&store, "a").await.expect("written");
    let again = crate::write_order(&store, "a").await.expect_err("it is there");
    assert!(again.is_conflict(), "{again}");
    assert!(!again.to_string().contains("\"a\"") && !again.to_string().contains("(a)"));
    assert_eq!(counts(&store).await, (1, 1));
});

on_both!(one_row_is_neither_none_nor_two, async |db: TestDb| {
    let store = db.open(SCHEMA).await;
    let sql = "SELECT number FROM orders";
    assert_eq!(one(&store, sql, args![]).await, Err(StoreError::NoRow));
    for number in ["a", "b"] {
        crate::write_order(&store, number).await.expect("written");
    }
    assert!(matches!(one(&store, sql, args![]).await, Err(StoreError::Misuse(_))));
});

on_both!(a_wrong_statement_says_what_the_engine_says, async |db: TestDb| {
    let store = db.open(SCHEMA).await;
    let refused = one(&store, "SELECT price FROM nowhere", args![]).await;
    let Err(StoreError::Engine { message, .. }) = refused else { panic!("{refused:?}") };
    assert!(message.contains("nowhere"), "{message}");
});

on_both!(a_failed_statement_ends_its_body, async |db: TestDb| {
    let store = db.open(SCHEMA).await;
    crate::write_order(&store, "a").await.expect("written");
    let went_on = store
        .write("go on", |tx| {
            Box::pin(async move {
                let _ = crate::save(tx, "a").await;
                let _ = crate::save(tx, "b").await;
                Ok::<_, StoreError>(())
            })
        })
        .await;
    assert!(matches!(went_on, Err(StoreError::Misuse(_))), "{went_on:?}");
    assert_eq!(counts(&store).await, (1, 1));
});

on_both!(a_read_writes_nothing, async |db: TestDb| {
    let store = db.open(SCHEMA).await;
    let refused = store.read("write", |tx| Box::pin(crate::save(tx, "a"))).await;
    assert!(matches!(refused, Err(StoreError::Engine { .. })), "{refused:?}");
    assert_eq!(counts(&store).await, (0, 0));
});
