//! The platform, with its orders, refunds and reports.

use super::lock;
use medpay_domain::{Clock as _, Timestamp};
use medpay_store::testing::TestClock;
use medpay_wire::envelope::{Refused, Reply};
use medpay_wire::fields::Fields;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// Its books.
pub(crate) struct KeepingPlatform {
    clock: Arc<TestClock>,
    orders: Mutex<BTreeMap<String, Order>>,
    refunds: Mutex<BTreeMap<String, (Fields, Reply)>>,
    /// Registrations by the hospital's number, each with its first answer.
    reports: Mutex<BTreeMap<String, (Fields, Reply)>>,
    told: Mutex<BTreeSet<String>>,
}

/// An order.
struct Order {
    asked: Fields,
    med_trans_id: String,
    state: &'static str,
    paid_at: Option<Timestamp>,
    cash_is_back: bool,
    insurance_is_back: bool,
    /// Whether the hospital has acknowledged the notification.
    acknowledged: bool,
}

impl Order {
    fn amount(&self, name: &str) -> i64 {
        self.asked.get(name).and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    fn cash(&self) -> i64 {
        if self.paid_at.is_some() && !self.cash_is_back { self.amount("cash_fee") } else { 0 }
    }

    fn insurance(&self) -> i64 {
        let held = self.paid_at.is_some() && !self.insurance_is_back;
        if held { self.amount("insurance_fee") } else { 0 }
    }
}

fn refused(err_code: &str) -> Reply {
    let err_code_des = format!("拒绝 {err_code}");
    Reply::Refused(Refused::Business { err_code: err_code.to_owned(), err_code_des })
}

fn success<'a>(fields: impl IntoIterator<Item = (&'static str, &'a str)>) -> Reply {
    let fields = fields.into_iter().map(|(name, value)| (name, value.to_owned()));
    Reply::Success(fields.collect())
}

/// What tells a repeat from another request: everything but the nonce.
fn words(fields: &Fields) -> Fields {
    let mut fields = fields.clone();
    fields.remove("nonce_str");
    fields
}

fn text(fields: &Fields, name: &str) -> String {
    fields.get(name).unwrap_or_default().to_owned()
}

impl KeepingPlatform {
    /// Empty books.
    pub(crate) fn new(clock: Arc<TestClock>) -> Self {
        Self {
            clock,
            orders: Mutex::default(),
            refunds: Mutex::default(),
            reports: Mutex::default(),
            told: Mutex::default(),
        }
    }

    /// Answers a call; with `no`, by a refusal.
    pub(crate) fn answer(&self, interface: &str, fields: &Fields, no: bool) -> Reply {
        match interface {
            "getmedinfo" if no => refused("80004"),
            "getmedinfo" => success(CARD),
            "qrcodegetmedinfo" if no => refused("AUTHCODEEXPIRE"),
            "qrcodegetmedinfo" => success(CARD.into_iter().chain(WHO)),
            "unifiedorder" | "qrcodeunifiedorder" => self.order(fields, no),
            "orderquery" | "refundquery" if no => refused("SYSTEMERROR"),
            "orderquery" => self.query(fields),
            "closeorder" if no => refused("TRADE_STATE_ERROR"),
            "closeorder" => self.close(fields),
            "refund" => self.refund(fields, no),
            "refundquery" => self.refund_query(fields),
            "preregister" | "qrcodepreregister" => self.report(fields, no),
            "sendmsg" if no => refused("INVALID_REQUEST"),
            "sendmsg" => {
                lock(&self.told).insert(text(fields, "nonce_str"));
                success([])
            }
            other => panic!("{other} was not expected"),
        }
    }

    fn order(&self, fields: &Fields, no: bool) -> Reply {
        let mut orders = lock(&self.orders);
        let (number, count) = (text(fields, "hosp_out_trade_no"), orders.len());
        if let Some(order) = orders.get(&number) {
            return match order.state {
                _ if words(&order.asked) != words(fields) => refused("OUT_TRADE_NO_USED"),
                "CLOSED" => refused("ORDERCLOSED"),
                "NOTPAY" => accepted(order),
                _ => refused("ORDERPAID"),
            };
        }
        if no {
            return refused("INVALID_REQUEST");
        }
        let order = Order {
            asked: fields.clone(),
            med_trans_id: format!("M-{count}"),
            state: "NOTPAY",
            paid_at: None,
            cash_is_back: false,
            insurance_is_back: false,
            acknowledged: false,
        };
        accepted(orders.entry(number).or_insert(order))
    }

    /// The hospital's number of the order that is asked about.
    fn number(&self, fields: &Fields) -> String {
        let med_trans_id = fields.get("med_trans_id");
        let orders = lock(&self.orders);
        let found = orders.iter().find(|(_, order)| Some(&*order.med_trans_id) == med_trans_id);
        found.map_or_else(|| text(fields, "hosp_out_trade_no"), |(number, _)| number.clone())
    }

    fn query(&self, fields: &Fields) -> Reply {
        let number = self.number(fields);
        let orders = lock(&self.orders);
        let Some(order) = orders.get(&number) else { return refused("ORDERNOTEXIST") };
        success(standing(order).iter().map(|(name, value)| (*name, value.as_str())))
    }

    fn close(&self, fields: &Fields) -> Reply {
        let number = self.number(fields);
        let mut orders = lock(&self.orders);
        let Some(order) = orders.get_mut(&number) else { return refused("ORDERNOTEXIST") };
        match order.state {
            "NOTPAY" => {
                order.state = "CLOSED";
                success([])
            }
            "CLOSED" => refused("ORDERCLOSED"),
            _ => refused("ORDERPAID"),
        }
    }

    fn refund(&self, fields: &Fields, no: bool) -> Reply {
        let order_number = self.number(fields);
        let number = text(fields, "hosp_out_refund_no");
        let mut refunds = lock(&self.refunds);
        if let Some((first, answer)) = refunds.get(&number) {
            let same = words(first) == words(fields);
            return if same { answer.clone() } else { refused("INVALID_REQUEST") };
        }
        let mut orders = lock(&self.orders);
        let Some(order) = orders.get_mut(&order_number) else { return refused("ORDERNOTEXIST") };
        let cash_only = fields.get("part_refund_type") == Some("CASH_ONLY");
        let over = order.paid_at.is_some_and(|at| self.clock.now() >= at.day().end());
        let held = (order.cash(), if cash_only { 0 } else { order.insurance() });
        let reply = match held {
            _ if no || held == (0, 0) => refused("INVALID_REQUEST"),
            (_, insurance) if insurance > 0 && over => refused("TRADE_OVERDUE"),
            (cash, insurance) => {
                order.cash_is_back = true;
                order.insurance_is_back |= !cash_only;
                success([
                    ("med_refund_id", number.as_str()),
                    ("total_fee", text(&order.asked, "total_fee").as_str()),
                    ("cash_refund_fee", cash.to_string().as_str()),
                    ("insurance_refund_fee", insurance.to_string().as_str()),
                ])
            }
        };
        refunds.insert(number, (fields.clone(), reply.clone()));
        reply
    }

    fn refund_query(&self, fields: &Fields) -> Reply {
        match lock(&self.refunds).get(&text(fields, "hosp_out_refund_no")) {
            Some((_, Reply::Success(answer))) => {
                let mut answer = answer.clone();
                answer.set("med_refund_state", "SUCCESS");
                Reply::Success(answer)
            }
            _ => refused("REFUNDNOTEXIST"),
        }
    }

    fn report(&self, fields: &Fields, no: bool) -> Reply {
        let mut reports = lock(&self.reports);
        let first = reports.entry(text(fields, "hosp_out_trade_no")).or_insert_with(|| {
            let registered = success([("response_content", "{}")]);
            (fields.clone(), if no { refused("INVALID_REQUEST") } else { registered })
        });
        let same = words(&first.0) == words(fields);
        if same { first.1.clone() } else { refused("OUT_TRADE_NO_USED") }
    }

    /// The payer types the password, if there is an order that waits for it.
    pub(crate) fn payer_pays(&self) {
        let now = self.clock.now();
        for order in lock(&self.orders).values_mut().filter(|order| order.state == "NOTPAY") {
            order.state = "SUCCESS";
            order.paid_at = Some(now);
        }
    }

    /// The notification of a paid order that the hospital has not acknowledged, before it is
    /// signed, and the order's number.
    pub(crate) fn notice(&self) -> Option<(String, Fields)> {
        let orders = lock(&self.orders);
        let waiting = |order: &&Order| order.paid_at.is_some() && !order.acknowledged;
        let (number, order) = orders.iter().find(|(_, order)| waiting(order))?;
        let mut notice: Fields = standing(order).into_iter().collect();
        for name in ["med_trade_state", "cash_trade_status", "insurance_trade_status"] {
            notice.remove(name);
        }
        notice.remove("order_type");
        notice.set("return_code", "SUCCESS").set("result_code", "SUCCESS");
        notice.set("nonce_str", "5K8264ILTKCH16CQ2502SI8ZNMTM67VS").set("openid", "oPayer0001");
        Some((number.clone(), notice))
    }

    /// The hospital acknowledged it.
    pub(crate) fn acknowledged(&self, number: &str) {
        if let Some(order) = lock(&self.orders).get_mut(number) {
            order.acknowledged = true;
        }
    }

    /// Whether any order was ever paid.
    pub(crate) fn was_paid(&self) -> bool {
        lock(&self.orders).values().any(|order| order.paid_at.is_some())
    }

    /// Cash and insurance that were paid and have not gone back, in fen.
    pub(crate) fn held(&self) -> (i64, i64) {
        let orders = lock(&self.orders);
        (orders.values().map(Order::cash).sum(), orders.values().map(Order::insurance).sum())
    }

    /// How many orders still wait for their payer.
    pub(crate) fn open_orders(&self) -> usize {
        lock(&self.orders).values().filter(|order| order.state == "NOTPAY").count()
    }

    /// How many registrations were reported, and how many of them refused.
    pub(crate) fn reports(&self) -> (usize, usize) {
        let reports = lock(&self.reports);
        let refused = reports.values().filter(|(_, reply)| matches!(reply, Reply::Refused(_)));
        (reports.len(), refused.count())
    }
}

fn accepted(order: &Order) -> Reply {
    success([
        ("appid", text(&order.asked, "appid").as_str()),
        ("mch_id", text(&order.asked, "mch_id").as_str()),
        ("med_trans_id", order.med_trans_id.as_str()),
        ("pay_url", "http://platform.test/pay"),
    ])
}

fn standing(order: &Order) -> Vec<(&'static str, String)> {
    let of = |name| text(&order.asked, name);
    let (paid, pay_type) = (order.state == "SUCCESS", of("pay_type"));
    let leg = |has: bool, word: &str| (if paid && has { word } else { "NOTPAY" }).to_owned();
    let mut fields = vec![
        ("appid", of("appid")),
        ("mch_id", of("mch_id")),
        ("med_trade_state", order.state.to_owned()),
        ("cash_trade_status", leg(pay_type != "2", "SUCCESS")),
        ("insurance_trade_status", leg(pay_type != "1", "PAYED")),
        ("order_type", of("order_type")),
        ("pay_type", pay_type),
        ("total_fee", of("total_fee")),
        ("cash_fee", of("cash_fee")),
        ("insurance_fee", of("insurance_fee")),
        ("med_trans_id", order.med_trans_id.clone()),
        ("hosp_out_trade_no", of("hosp_out_trade_no")),
    ];
    if of("pay_type") != "1" && paid {
        fields.push(("response_content", "{}".to_owned()));
    }
    fields.extend(order.paid_at.map(|at| ("time_end", at.wire())));
    fields
}

const CARD: [(&str, &str); 3] =
    [("medical_card_no", "C1"), ("medical_card_id", "Y1"), ("medical_user_id", "U1")];

/// Who showed a pay code.
const WHO: [(&str, &str); 5] = [
    ("token", "TOKEN-1"),
    ("expires_in", "300"),
    ("user_name", super::his::NAME),
    ("user_card_type", "1"),
    ("user_card_no", super::his::DIGEST),
];
