//! An order that was paid, as the capabilities after a payment find it.

use super::{FakePlatform, World};
use crate::channels::Channel;
use crate::payments::{self, Begin, Payer, Payment};
use medpay_domain::{
    BillNo, CardType, Clock as _, Fen, HospOutTradeNo, IdDigest, Openid, PersonName, SerialNo,
};
use medpay_wire::caller_fields::Patient;
use medpay_wire::his::bills::{
    Bill, BillClass, BillKind, BillState, ConfirmBill, Confirmed, FindBill, InsurancePart,
    LockBill, PayWith,
};
use std::net::Ipv4Addr;

/// Who paid.
pub(crate) const PAYER: &str = "oPayer0001";

impl World {
    /// An order for the bill `bill_no` that was paid, and confirmed by the HIS. `insurance` is none
    /// for a payment in cash only. The first hospital's.
    pub(crate) async fn paid(&self, bill_no: &str, cash: i64, insurance: Option<i64>) -> Payment {
        let confirmed =
            Confirmed { receipt_no: format!("P-{bill_no}"), queue_no: None, guide: String::new() };
        self.his.always::<ConfirmBill>(&confirmed);
        self.paid_unconfirmed(bill_no, cash, insurance).await
    }

    /// The same, and the HIS says what it was told to of its confirmation.
    pub(crate) async fn paid_unconfirmed(
        &self,
        bill_no: &str,
        cash: i64,
        insurance: Option<i64>,
    ) -> Payment {
        let bill = bill(bill_no, cash, insurance, self.clock.now());
        self.his.always::<FindBill>(&bill);
        self.his.always::<LockBill>(&Bill { state: BillState::Locked, ..bill });
        self.answer_as_paid(bill_no, cash, insurance);
        let begun = payments::begin(&self.site, begin(bill_no, insurance.is_some())).await;
        let number = begun.expect("a payment that begins").hosp_out_trade_no;
        // The payer has a head start before the order is looked at again.
        self.clock.advance_seconds(5);
        self.work().await;
        let payment = self.payment(&number).await;
        assert!(payment.is_paid(), "{:?}", payment.money);
        payment
    }

    /// The platform takes the order, and says at once that it is paid.
    fn answer_as_paid(&self, bill_no: &str, cash: i64, insurance: Option<i64>) {
        let med_trans_id = format!("M-{bill_no}");
        self.platform.always(
            "getmedinfo",
            FakePlatform::success(&[
                ("medical_card_no", "C1"),
                ("medical_card_id", "Y1"),
                ("medical_user_id", "U1"),
            ]),
        );
        self.platform.always(
            "unifiedorder",
            FakePlatform::success(&[
                ("appid", "wx-yunshan"),
                ("mch_id", "mch-yunshan"),
                ("med_trans_id", &med_trans_id),
                ("pay_url", "http://platform.test/pay"),
            ]),
        );
        let pay_type = match insurance {
            None => "1",
            Some(_) if cash == 0 => "2",
            Some(_) => "3",
        };
        let insured = if insurance.is_some() { "PAYED" } else { "NOTPAY" };
        self.platform.always(
            "orderquery",
            FakePlatform::success(&[
                ("appid", "wx-yunshan"),
                ("mch_id", "mch-yunshan"),
                ("med_trade_state", "SUCCESS"),
                ("cash_trade_status", if cash == 0 { "NOTPAY" } else { "SUCCESS" }),
                ("insurance_trade_status", insured),
                ("time_end", &self.clock.now().wire()),
                ("order_type", "DiagPay"),
                ("pay_type", pay_type),
                ("total_fee", &(cash + insurance.unwrap_or(0)).to_string()),
                ("cash_fee", &cash.to_string()),
                ("insurance_fee", &insurance.unwrap_or(0).to_string()),
                ("med_trans_id", &med_trans_id),
            ]),
        );
    }

    /// The payment as it stands now.
    pub(crate) async fn payment(&self, number: &HospOutTradeNo) -> Payment {
        payments::find(&self.site, number).await.expect("a read").expect("the payment")
    }

    /// Lets every worker but those that send messages do what is due now, twice, since the work of
    /// one is the other's.
    pub(crate) async fn work(&self) {
        for _ in 0..2 {
            let (branch, now) = (&self.branch, self.clock.now());
            payments::follow::run_once(branch, now).await.expect("followed");
            payments::confirm::run_once(branch, now).await.expect("confirmed");
            crate::refunds::give_back::run_once(branch, now).await.expect("refunded");
        }
    }
}

fn begin(bill_no: &str, insured: bool) -> Begin {
    Begin {
        payer: Payer::Follower(Openid::new(PAYER)),
        patient: Patient {
            card_type: CardType::IdCard,
            id_digest: IdDigest::new("0123456789abcdef0123456789abcdef"),
            name: PersonName::new("云小杉"),
        },
        patient_id: "P1".into(),
        bill_no: BillNo::new(bill_no),
        pay_with: if insured { PayWith::Insurance } else { PayWith::Cash },
        channel: Channel::menu(),
        by_qr: false,
        client_ip: Ipv4Addr::LOCALHOST,
    }
}

fn bill(bill_no: &str, cash: i64, insurance: Option<i64>, now: medpay_domain::Timestamp) -> Bill {
    let fen = |amount| Fen::new(amount).expect("not negative");
    Bill {
        bill_no: BillNo::new(bill_no),
        serial_no: SerialNo::new(format!("S-{bill_no}")),
        patient_id: "P1".into(),
        kind: BillKind::Outpatient,
        class: BillClass::Ordinary,
        title: "门诊缴费".into(),
        department: "呼吸内科".into(),
        doctor: "林医生".into(),
        issued_at: now,
        visit_day: now.day(),
        items: vec![],
        total_fen: fen(cash + insurance.unwrap_or(0)),
        insurance: insurance.map(|insurance| InsurancePart {
            insurance_fen: fen(insurance),
            cash_fen: fen(cash),
            request_content: "{}".into(),
        }),
        state: BillState::Pending,
        hosp_out_trade_no: None,
    }
}
